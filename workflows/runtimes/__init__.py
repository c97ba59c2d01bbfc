"""Runtimes: what starts, wakes and steers runs. All of them drive the same core."""
