import functools
import http.server
import json
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SHOP = Path(__file__).resolve().parents[2]


def program(name: str, *argv: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SHOP / name), *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "dist"
    assert program("build.py", "--dist", folder).returncode == 0
    return folder


@pytest.fixture(scope="module")
def address(dist: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(dist))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310  a loopback address
        return str(response.read().decode())


def test_every_page_says_which_build_it_is(dist: Path, address: str) -> None:
    result = json.loads((dist.parent / "build.json").read_text(encoding="utf-8"))
    sha = get(f"{address}/sha.txt").strip()

    assert result == {"failed": 0, "sha": sha, "files": len(list(dist.iterdir()))}
    for name in ("index.html", "stopwatch.html"):
        assert f'<meta name="build" content="{sha}">' in get(f"{address}/{name}")


def test_the_same_shop_has_the_same_sha(dist: Path, tmp_path: Path) -> None:
    program("build.py", "--dist", tmp_path / "dist")

    assert (tmp_path / "dist/sha.txt").read_bytes() == (dist / "sha.txt").read_bytes()


def test_products_that_cannot_be_read_fail_the_build(tmp_path: Path) -> None:
    (tmp_path / "products.json").write_text("{", encoding="utf-8")
    done = program("build.py", "--products", tmp_path / "products.json", "--dist", tmp_path / "d")

    assert done.returncode == 1
    assert json.loads(done.stdout) == {"failed": 1}
    assert not (tmp_path / "d").exists()


def test_a_deployment_is_copied_pointed_at_and_logged(dist: Path, tmp_path: Path) -> None:
    sha = (dist / "sha.txt").read_text(encoding="utf-8").strip()
    for _ in range(2):
        assert program("deploy.py", sha, tmp_path, "--dist", dist).returncode == 0

    assert (tmp_path / "current").resolve() == tmp_path / sha
    assert sorted(p.name for p in (tmp_path / sha).iterdir()) == sorted(
        p.name for p in dist.iterdir()
    )
    log = (tmp_path / "deploys.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1] for line in log] == [sha, sha]  # it is a step that counts its calls
    assert {p.name for p in tmp_path.iterdir()} == {sha, "current", "deploys.log"}


def test_what_was_not_built_is_not_deployed(dist: Path, tmp_path: Path) -> None:
    done = program("deploy.py", "0123456789ab", tmp_path / "releases", "--dist", dist)

    assert done.returncode == 1
    assert "asked to deploy 0123456789ab" in done.stderr
    assert not (tmp_path / "releases").exists()
