"""What the command refuses before it serves; the application is in serving/test_app.py."""

from anomaly.serve import main


def test_wrong_arguments_are_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "manifest.json is missing" in capsys.readouterr().err
    assert main([str(tmp_path), "--target_fpr=2"]) == 2
    assert "--target_fpr=2.0" in capsys.readouterr().err
