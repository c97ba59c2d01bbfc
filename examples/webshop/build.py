"""Build the shop into dist/, and say in build.json what was built."""

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from shop import catalog, pages  # noqa: E402  the shop lies beside this file


def digest(files: dict[str, str]) -> str:
    """Hash names and contents; the same shop has the same sha on every machine."""
    total = hashlib.sha256()
    for name, text in sorted(files.items()):
        total.update(f"{name}\0{text}\0".encode())
    return total.hexdigest()[:12]


def build(products: Path, dist: Path) -> dict[str, int | str]:
    """Write the whole shop into a new *dist* and return what was built."""
    files = pages.site(catalog.load(products))
    sha = digest(files)
    files["sha.txt"] = "@sha@\n"
    if dist.exists():
        shutil.rmtree(dist)
    dist.mkdir(parents=True)
    for name, text in files.items():
        (dist / name).write_text(text.replace(pages.SHA, sha), encoding="utf-8", newline="\n")
        print(f"built {name}", file=sys.stderr)
    return {"failed": 0, "sha": sha, "files": len(files)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--products", type=Path, default=HERE / "products.json")
    parser.add_argument("--dist", type=Path, default=HERE / "dist")
    options = parser.parse_args()
    try:
        result = build(options.products, options.dist)
    except (ValueError, OSError) as why:
        print(f"build.py: {why}", file=sys.stderr)
        result = {"failed": 1}
    text = json.dumps(result)
    (options.dist.parent / "build.json").write_text(text + "\n", encoding="utf-8")
    print(text)
    return int(result["failed"])


if __name__ == "__main__":
    sys.exit(main())
