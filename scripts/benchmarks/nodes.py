"""Time of a run against the number of nodes of a Ray cluster.

The nodes are processes of this machine with a core each, so they share its memory and caches: the
figures include the cost of tasks, transfers and compilation in each process, but no network.
"""

import argparse
from collections.abc import Iterator, Mapping

from scripts.benchmarks.child_process import cost_of_run
from scripts.benchmarks.figure import Figure
from tools.errors import InputError

# Options of every node; 127.0.0.2, since Ray replaces 127.0.0.1 by the machine's own address.
NODE = {"num_cpus": 1, "node_ip_address": "127.0.0.2"}
RUN = {
    "preset": "smoke",
    "num_models": 4,
    "max_steps": 300,
    "viz_steps": 300,
    "eval_size": 300,
    "ood_datasets": "fashion_mnist,notmnist",
    "score_keys": "iwae",
    "launcher": "ray",
    "cpus_per_member": 1,
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of this part."""
    parser.add_argument(
        "--nodes", type=int, default=2, help="largest number of nodes; default: %(default)s"
    )


def figures(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of training and of scoring with each number of nodes, measured once.

    Raises:
        InputError: Ray is not installed.
    """
    try:
        from ray.cluster_utils import Cluster
    except ImportError as error:
        raise InputError("the part nodes needs Ray: pip install '.[ray]'") from error
    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    try:
        alone: Mapping[str, float] = {}
        for count in range(1, options.nodes + 1):
            if count > 1:
                cluster.add_node(**NODE)
                cluster.wait_for_nodes()
            seconds = _seconds(cluster.address, options)
            alone = alone or seconds
            for part, value in seconds.items():
                yield Figure(
                    f"nodes.{count}.{part}",
                    value,
                    f"s, {RUN['num_models']} members",
                    ratio=alone[part] / value,
                    yardstick=f"one node: {alone[part]:.1f} s",
                )
    finally:
        cluster.shutdown()


def _seconds(address: str, options: argparse.Namespace) -> dict[str, float]:
    """Seconds of the parts of a run on the cluster, and of the whole command."""
    timings, cost = cost_of_run(
        **RUN, launcher_address=address, data_dir=options.data_dir, seed=options.seed
    )
    return {part: timings[part] for part in ("training", "scoring")} | {"command": cost.seconds}
