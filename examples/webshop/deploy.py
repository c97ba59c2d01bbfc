"""Put the built shop where it is served from. Each call is a deployment, and is logged as one."""

import argparse
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent


def deploy(dist: Path, sha: str, target: Path) -> Path:
    """Copy *dist* to TARGET/SHA and point TARGET/current at it; neither is ever seen half done.

    Raises ValueError if something else than *sha* was built.
    """
    built = (dist / "sha.txt").read_text(encoding="utf-8").strip()
    if built != sha:
        raise ValueError(f"asked to deploy {sha}, but {dist.name}/ holds {built}; build it first")
    release = target / sha
    partial, link = target / f".{sha}.{os.getpid()}", target / f".current.{os.getpid()}"
    target.mkdir(parents=True, exist_ok=True)
    if not release.exists():  # a sha names its content, so what is there is right
        shutil.copytree(dist, partial)
        partial.replace(release)
    link.symlink_to(sha, target_is_directory=True)
    link.replace(target / "current")
    return release


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sha", help="what is to be deployed; it must be what dist/ holds")
    parser.add_argument("target", type=Path, nargs="?", default=HERE / "releases")
    parser.add_argument("--dist", type=Path, default=HERE / "dist")
    options = parser.parse_args()
    try:
        release = deploy(options.dist, options.sha, options.target)
    except (ValueError, OSError) as why:
        print(f"deploy.py: {why}", file=sys.stderr)
        return 1
    now = datetime.now(UTC).isoformat(timespec="seconds")
    with (options.target / "deploys.log").open("a", encoding="utf-8") as log:
        log.write(f"{now} {options.sha}\n")
    print(release)
    return 0


if __name__ == "__main__":
    sys.exit(main())
