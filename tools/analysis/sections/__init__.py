"""The parts of an analysis: each module has the rows, files, print and report of one."""
