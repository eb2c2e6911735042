"""What hands do that mean no harm: give up, click twice, leave early, press Esc."""


def test_at_a_scan_session(tell):
    tell("tray")
