"""What is done to names inside a folder that is held open, so that no link leads astray."""

import os
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from baton.connector import Failed

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a pipe must not hold us up
WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
APPEND = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
LARGEST = 64 * 1024 * 1024  # bytes of a file that Baton writes
PIECE = 1024 * 1024


@contextmanager
def refusing(path: str, verb: str) -> Iterator[None]:
    """Turn what the system refuses into the failure of the step."""
    try:
        yield
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise Failed(f"{path[:200]!r} cannot be {verb}: {why}.", type="path") from None


def too_large(path: str) -> Failed:
    return Failed(f"{path[:200]!r} would have more than {LARGEST:,} bytes.", type="limit")


def put(folder: int, name: str, pieces: Iterable[bytes], *, replace: bool = True) -> None:
    """Put *pieces* under *name* in one move, synced before it, so that no reader sees half.

    Raises:
        FileExistsError: something has that name, and *replace* is not said.
    """
    partial = f".{secrets.token_hex(8)}.part"
    handle = os.open(partial, WRITE, 0o644, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        rename(folder, partial, folder, name, replace=replace)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(partial, dir_fd=folder)
        raise


def pieces(handle: int, path: str) -> Iterator[bytes]:
    """Yield what is read from *handle*; *path* is where it goes.

    Raises:
        Failed: it is more than a file of Baton may hold.
    """
    left = LARGEST
    while piece := os.read(handle, PIECE):
        left -= len(piece)
        if left < 0:
            raise too_large(path)
        yield piece


def append(folder: int, name: str, content: bytes, path: str) -> int:
    """Put *content* at the end of *name*; what could not be written whole is taken back."""
    handle = os.open(name, APPEND, 0o644, dir_fd=folder)
    with os.fdopen(handle, "ab", buffering=0) as file:
        check_file(handle, path)
        before = os.fstat(handle).st_size
        if before + len(content) > LARGEST:
            raise too_large(path)
        try:
            left = memoryview(content)
            while left:
                left = left[file.write(left) :]
            os.fsync(handle)
        except BaseException:
            os.ftruncate(handle, before)
            raise
    return before + len(content)


def rename(source: int, name: str, target: int, new: str, *, replace: bool) -> None:
    """Give *name* in the folder *source* the name *new* in *target*, and sync both folders.

    Raises:
        FileExistsError: something has that name, and *replace* is not said.
    """
    if replace:
        os.replace(name, new, src_dir_fd=source, dst_dir_fd=target)
    elif is_folder(source, name):
        if exists(target, new):  # an empty folder would be replaced without a word
            raise FileExistsError(17, "There is something already")
        os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)
    else:
        os.link(name, new, src_dir_fd=source, dst_dir_fd=target, follow_symlinks=False)
        os.unlink(name, dir_fd=source)
    os.fsync(target)
    if source != target:
        os.fsync(source)


def remove(folder: int, name: str, *, recursive: bool) -> bool:
    """Delete *name*, and say whether it was there; of a link, the link itself."""
    try:
        if not is_folder(folder, name):
            os.unlink(name, dir_fd=folder)
        elif recursive:
            shutil.rmtree(name, dir_fd=folder)  # goes by handles, and never through a link
        else:
            os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    os.fsync(folder)
    return True


def exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def is_folder(folder: int, name: str) -> bool:
    return stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def check_file(handle: int, path: str) -> None:
    """Refuse what is open but no file: a folder, a pipe, a device.

    Raises:
        Failed: it is none.
    """
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise Failed(f"{path[:200]!r} is no file.", type="path")
