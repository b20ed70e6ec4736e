"""The store of imported official data: every edition of every file, with what was read from it.

    $CAREO_HOME/
      catalogue.sqlite             an index of the cards
      snapshots/<sha256>/          original · card.json · rows.parquet · series.parquet
      drafts/                      imports under way
      store.lock

An import works in a draft of its own and takes the store's lock only to put the finished folder into place and write its row: a kill leaves
either nothing or all of it. The cards are the record, the catalogue follows them. Whoever writes next settles what a kill left
behind; a draft is left alone while its import lives, told by a lock that the system takes back when a process ends.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from difflib import get_close_matches
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING
from warnings import warn

from careo.base.errors import CareoError, DataError, InputError, OutputError
from careo.sources.snapshot import Snapshot as Snapshot
from careo.sources.snapshot import card_text, read_card, reread, with_edition_of

if TYPE_CHECKING:
    from careo.sources.store_catalogue import Row

_CATALOGUE, _SHELF, _DRAFTS, _LOCK = "catalogue.sqlite", "snapshots", "drafts", "store.lock"
_CARD, _ORIGINAL = "card.json", "original"
_LARGEST_CARD = 16 << 20
_PATIENCE = 60.0  # seconds to wait for another careo that writes; it holds the lock for moments
_CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")  # how polars passes one on


class MendedWarning(CareoError, UserWarning):  # noqa: N818 - a warning that is worded like an error
    """The store was found damaged and is whole again: a warning that speaks both languages (`render`)."""


def data_folder() -> Path:
    """Where imported data is kept: `$CAREO_HOME`, else `$XDG_DATA_HOME/careo`, else `~/.local/share/careo`.

    Raises:
        OutputError: none of them is known.
    """
    home, base = os.environ.get("CAREO_HOME", ""), os.environ.get("XDG_DATA_HOME", "")
    if home:
        return Path(home).absolute()
    if base and Path(base).is_absolute():
        return Path(base) / "careo"
    try:
        return Path.home() / ".local" / "share" / "careo"
    except RuntimeError as error:
        raise OutputError("store_homeless", fix="store_folder") from error


@contextmanager
def draft() -> Iterator[Path]:
    """An empty folder of one's own inside the data folder, to write tables into; gone when the block ends without `keep`.

    Raises:
        OutputError: the data folder cannot be written, or its disk is full. DataError: another careo holds it.
    """
    data = data_folder()
    folder = data / _DRAFTS / token_hex(8)
    with ExitStack() as held:
        held.callback(_wipe, _lock_of(folder))
        with _alone(data):
            held.enter_context(_locked(_lock_of(folder), 0))
            folder.mkdir()
        try:
            yield folder
        except Exception as error:
            full = _disk_error(error)
            if full is None:
                raise
            raise _unusable(data, full) from error
        finally:
            _wipe(folder)


@contextmanager
def copying(original: Path, folder: Path) -> Iterator[Future[str]]:
    """Copy an original into a draft while its tables are still being written; gives the sha256 of the copy when it is done."""
    with ThreadPoolExecutor(1) as beside:
        yield beside.submit(_copied, original, folder / _ORIGINAL)


def keep(folder: Path, original: Path, snapshot: Snapshot, copied: Future[str] | None = None) -> Snapshot:
    """Make a draft visible as a whole: its tables, a copy of the original, the card.

    The same file again gives the snapshot that is there. A vintage told better (given, stated, inferred, imported) is
    written on its card; what is read otherwise than before, or was damaged, is replaced.

    Args:
        folder: of `draft`, the tables written. original: the file `snapshot` was read from.
        copied: of `copying`, where the original is being copied already.

    Raises:
        InputError: the original cannot be read or is no longer the same. OutputError: disk full or not writable.
        DataError: another careo holds the store.
    """
    data = folder.parent.parent
    home = data / _SHELF / snapshot.sha256
    if read_card(card_text(snapshot, {})) != (snapshot, {}):
        raise ValueError("a snapshot that its card cannot hold")
    with _sentences(folder):
        digest = copied.result() if copied else _copied(original, folder / _ORIGINAL)
        if digest != snapshot.sha256:
            raise InputError("store_changed", where=str(original), fix="store_changed")
        files = {path.name: _digest(path) for path in sorted(folder.glob("*.parquet"))}
        for name in files:
            _sync(folder / name)
        files[_ORIGINAL] = snapshot.sha256
    with _alone(data) as known:
        there = known.get(snapshot.sha256)
        if there is not None:
            again = reread(snapshot, there)
            if _whole(home):
                if again == there:
                    return there
                if again == with_edition_of(again, there):
                    return _corrected(again, home, data)
            snapshot = replace(again, imported=snapshot.imported)
        _write_card(folder, card_text(snapshot, files))
        _place(folder, home, data)
        return snapshot


def snapshots(*, dataset: str = "", country: str = "") -> tuple[Snapshot, ...]:
    """What was imported, by dataset, then the day it became known, then the time of import.

    Raises:
        OutputError: the data folder cannot be read. DataError: a later careo wrote it.
    """
    data = data_folder()
    with _sentences(data):
        found = [
            snapshot
            for snapshot in _known(data)
            if dataset in ("", snapshot.dataset) and country in ("", snapshot.country)
        ]
    return tuple(sorted(found, key=lambda s: (s.dataset, s.known, s.imported, s.sha256)))


def find(name: str, *, country: str = "") -> Snapshot:
    """The snapshot a user means: a dataset (its newest), dataset@vintage, or the first 4 or more characters of a sha256.

    Raises:
        DataError: there is none, or there are several; as `snapshots`.
    """
    name = name.strip()[:200]
    known = snapshots(country=country)
    if not known:
        raise DataError("store_empty", where=name, fix="store_empty")
    dataset, at, vintage = name.partition("@")
    of_dataset = [s for s in known if s.dataset == dataset]
    if at and vintage:
        exact = [s for s in of_dataset if s.vintage == vintage]
        found = exact or [s for s in of_dataset if s.vintage.startswith(f"{vintage}-")]
    else:
        found = [] if at else list({s.country: s for s in of_dataset}.values())
    if not found and re.fullmatch(r"[0-9a-f]{4,64}", name.lower()):
        found = [s for s in known if s.sha256.startswith(name.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        which = ", ".join(f"{s.dataset}@{s.vintage} ({s.sha256[:12]}, {s.name})" for s in found[:8])
        raise DataError("store_several", where=name, found=which, fix="store_several", count=len(found))
    names = dict.fromkeys(word for s in reversed(known) for word in (s.dataset, f"{s.dataset}@{s.vintage}"))
    guess = get_close_matches(name, names, n=1)
    if guess:
        raise DataError("store_unknown", where=name, fix="did_you_mean", guess=guess[0])
    raise DataError("store_unknown", where=name, fix="store_list")


def table(snapshot: Snapshot, name: str) -> Path:
    """The path of a table of a snapshot, "rows" or "series".

    Raises:
        DataError: it is not there; says how to mend that.
    """
    return _stored(snapshot, f"{name.removesuffix('.parquet')}.parquet")


def original(snapshot: Snapshot) -> Path:
    """The path of the file as it was imported; its own name is `snapshot.name`. Raises as `table`."""
    return _stored(snapshot, _ORIGINAL)


def verify(snapshot: Snapshot) -> bool:
    """Whether all files of a snapshot are, byte by byte, those that were imported."""
    return _whole(data_folder() / _SHELF / snapshot.sha256)


def remove(snapshot: Snapshot) -> None:
    """Take a snapshot out of the store; nothing happens when it is not there.

    Raises:
        OutputError: the data folder cannot be written. DataError: another careo holds it.
    """
    data = data_folder()
    if not data.is_dir():
        return
    with _alone(data) as known:
        if snapshot.sha256 not in known:
            return
        from careo.sources import store_catalogue as catalogue

        catalogue.put(data / _CATALOGUE, [replace(_row(snapshot, ""), removing=1)])
        _finish_removing(snapshot.sha256, data)


def export(snapshot: Snapshot, to: Path) -> Path:
    """Write the original under its own name, the card and the tables to a new or empty folder, or to a file that ends in ".zip".

    Raises:
        OutputError: the folder holds something, or cannot be written. DataError: a stored file is missing or damaged.
    """
    home = _stored(snapshot, _CARD).parent
    try:
        card, files = _card_of(home)
    except ValueError as error:
        raise _damaged(home / _CARD, snapshot) from error
    zipped = to.suffix.lower() == ".zip"
    with _sentences(to, "output_unwritable"):
        if not zipped and to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise OutputError("store_export", where=str(to), fix="store_export")
        to.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=to.parent, prefix=".careo-") as scratch:
            folder = Path(scratch) / "export"
            folder.mkdir()
            names = {_ORIGINAL: _safe_name(card.name, {_CARD, *files} - {_ORIGINAL})}
            for name, digest in files.items():
                if not (home / name).is_file():
                    raise _lost(home / name, snapshot)
                if _copied(home / name, folder / names.get(name, name)) != digest:
                    raise _damaged(home / name, snapshot)
            _write_card(folder, card_text(card, files))
            if zipped:
                _zipped(folder, Path(scratch) / "zip").replace(to)
            else:
                with suppress(FileNotFoundError):
                    to.rmdir()  # empty; not every system renames onto it
                folder.rename(to)
    return to


# what stands in the store


def _known(data: Path) -> Collection[Snapshot]:
    """The snapshots of the catalogue; one that is lost or broken is made anew, or passed over where nothing can be written."""
    if data.exists() and not data.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(data))
    shelf = data / _SHELF
    if not (data / _CATALOGUE).exists() and not _names(shelf):
        return ()
    from careo.sources import store_catalogue as catalogue

    try:
        if not any(map(_SHA256.fullmatch, _names(data / _DRAFTS))):  # nothing is half-way to being replaced
            rows = catalogue.rows(data / _CATALOGUE)
            return [read_card(row.card)[0] for row in rows if not row.removing]
    except OSError as error:
        if error.errno == errno.EBUSY:
            raise
    except (catalogue.DamagedError, ValueError):
        pass
    try:
        with _alone(data) as known:
            return known.values()
    except OutputError:
        rows, unread = _rows_of_cards(shelf)
        _say_mended(data, rows, unread)
        return [read_card(row.card)[0] for row in rows.values()]


def _stored(snapshot: Snapshot, name: str) -> Path:
    data = data_folder()
    path = data / _SHELF / snapshot.sha256 / name
    if not path.is_file() and data.is_dir():
        with suppress(CareoError), _alone(data):
            pass  # a kill may have left it half-way to its place
    if not path.is_file():
        raise _lost(path, snapshot)
    return path


def _lost(path: Path, snapshot: Snapshot) -> DataError:
    return DataError("store_missing", where=str(path), fix="store_missing", name=snapshot.name)


def _damaged(path: Path, snapshot: Snapshot) -> DataError:
    return DataError("store_damaged", where=str(path), fix="store_missing", name=snapshot.name)


def _whole(home: Path) -> bool:
    try:
        files = _card_of(home)[1]
        return all(
            (home / name).is_file() and _digest(home / name) == digest for name, digest in files.items()
        )
    except (ValueError, OSError, InputError):
        return False


# cards


def _card_of(home: Path) -> tuple[Snapshot, dict[str, str]]:
    """The card of a folder. Raises ValueError as `read_card`, also when it is not there or of another folder."""
    path = home / _CARD
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST_CARD:
            raise ValueError(str(path))
        snapshot, files = read_card(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(str(path)) from error
    if snapshot.sha256 != home.name or files.get(_ORIGINAL) != home.name:
        raise ValueError(str(path))
    return snapshot, files


def _write_card(folder: Path, card: str) -> None:
    temporary = folder / f".{_CARD}"
    temporary.write_text(card, encoding="utf-8")
    _sync(temporary)
    temporary.replace(folder / _CARD)
    _sync(folder)


def _row(snapshot: Snapshot, card: str) -> Row:
    from careo.sources.store_catalogue import Row

    return Row(snapshot.sha256, snapshot.country, snapshot.dataset, snapshot.known.isoformat(), card)


def _rows_of_cards(shelf: Path) -> tuple[dict[str, Row], list[str]]:
    """sha256 → the row its card makes, and the folders whose card makes none."""
    rows: dict[str, Row] = {}
    unread: list[str] = []
    for home in (shelf / name for name in _names(shelf)):
        try:
            snapshot, files = _card_of(home)
            if not all((home / name).is_file() for name in files):
                raise ValueError(home.name)
            rows[home.name] = _row(snapshot, card_text(snapshot, files))
        except (ValueError, OSError):
            if _SHA256.fullmatch(home.name):
                unread.append(home.name)
    return rows, unread


# writing


@contextmanager
def _alone(data: Path) -> Iterator[dict[str, Snapshot]]:
    """Nobody else writes in this block, and what killed runs left behind is settled; gives what stands in the catalogue."""
    with _sentences(data), ExitStack() as held:
        (data / _DRAFTS).mkdir(parents=True, exist_ok=True)
        (data / _SHELF).mkdir(exist_ok=True)
        try:
            held.enter_context(_locked(data / _LOCK, _PATIENCE))
        except TimeoutError as error:
            raise DataError("store_busy", where=str(data), fix="store_busy") from error
        yield _settled(data)


@contextmanager
def _locked(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock of a path, across processes and threads. Raises TimeoutError when somebody else does for `seconds`."""
    from filelock import FileLock

    with FileLock(path, timeout=seconds, poll_interval=0.01):
        yield


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _settled(data: Path) -> dict[str, Snapshot]:
    """Finish what killed runs began, make the catalogue follow the cards, and give what it then holds."""
    from careo.sources import store_catalogue as catalogue

    shelf, drafts, path = data / _SHELF, data / _DRAFTS, data / _CATALOGUE
    for name in {name.removesuffix(".lock") for name in _names(drafts)}:
        if _SHA256.fullmatch(name) and not (shelf / name).exists():
            (drafts / name).rename(shelf / name)  # was about to be replaced
        else:
            with (
                suppress(OSError),
                _locked(drafts / f"{name}.lock", 0),
            ):  # TimeoutError: its import is running
                _wipe(drafts / name)
                (drafts / f"{name}.lock").unlink()
    cards, unread = _rows_of_cards(shelf)
    try:
        rows = {row.sha256: row for row in catalogue.rows(path)}
    except catalogue.DamagedError:
        catalogue.create(path, cards.values(), drafts / token_hex(8))
        if cards or unread:
            _say_mended(data, cards, unread)
        rows = cards
    for row in rows.values():
        if row.removing:
            with suppress(OSError):
                _finish_removing(row.sha256, data)
    going = {row.sha256 for row in rows.values() if row.removing}
    cards = {name: row for name, row in cards.items() if name not in going}
    catalogue.put(path, [row for name, row in cards.items() if rows.get(name) != row])
    known: dict[str, Snapshot] = {}
    for name, row in (rows | cards).items():
        if name not in going:
            try:
                known[name] = read_card(row.card)[0]
            except ValueError:  # nonsense in the catalogue, and no card to put it right
                catalogue.drop(path, name)
    return known


def _finish_removing(name: str, data: Path) -> None:
    from careo.sources import store_catalogue as catalogue

    home = data / _SHELF / name
    if home.exists():
        shutil.rmtree(home)
    catalogue.drop(data / _CATALOGUE, name)


def _say_mended(data: Path, rows: Mapping[str, Row], unread: Collection[str]) -> None:
    found = ", ".join(name[:12] for name in unread)
    warn(MendedWarning("store_mended", where=str(data), found=found, count=len(rows)), stacklevel=2)


def _place(folder: Path, home: Path, data: Path) -> None:
    """Put a finished draft into its place, and what stood there away; all or nothing."""
    away = data / _DRAFTS / home.name
    if home.exists():
        home.rename(away)
    try:
        folder.rename(home)
        _sync(home.parent)
        _put(data, home)
    except BaseException:
        with suppress(OSError):  # a later run settles the rest
            if home.exists():
                home.rename(folder)
            if away.exists():
                away.rename(home)
        raise
    _wipe(away)


def _corrected(snapshot: Snapshot, home: Path, data: Path) -> Snapshot:
    """Write another edition on the card of a snapshot; all or nothing."""
    before, files = _card_of(home)
    try:
        _write_card(home, card_text(snapshot, files))
        _put(data, home)
    except BaseException:
        with suppress(OSError):
            _write_card(home, card_text(before, files))
        raise
    return snapshot


def _put(data: Path, home: Path) -> None:
    from careo.sources import store_catalogue as catalogue

    snapshot, files = _card_of(home)
    catalogue.put(data / _CATALOGUE, [_row(snapshot, card_text(snapshot, files))])


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def _wipe(path: Path) -> None:
    """Remove a folder or a file, as far as possible."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise InputError("input_unreadable", where=str(path), problem=error.strerror or error) from error


def _digest(path: Path) -> str:
    digest = sha256()
    for chunk in _chunks(path):
        digest.update(chunk)
    return digest.hexdigest()


def _copied(source: Path, target: Path) -> str:
    """The sha256 of what was copied."""
    digest = sha256()
    with target.open("xb") as stream:
        for chunk in _chunks(source):
            digest.update(chunk)
            stream.write(chunk)
        stream.flush()
        os.fsync(stream.fileno())
    return digest.hexdigest()


def _sync(path: Path) -> None:
    """Have the disk hold it before anything says that it does."""
    if path.is_dir():
        if os.name == "nt":
            return  # folders cannot be synchronised there
        handle = os.open(path, os.O_RDONLY)
    else:
        handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that know no such thing
            raise
    finally:
        os.close(handle)


def _safe_name(name: str, taken: Collection[str]) -> str:
    """A file name as given, as any system takes it."""
    name = re.sub(r'[<>:"/\\|?*\x00-\x1f\x7f\ud800-\udfff]', "_", name).strip(". ")
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix) > 10:
        stem, dot, suffix = name, "", ""
    stem = stem.encode()[:150].decode(errors="ignore") or "original"
    if f"{stem}{dot}{suffix}".lower() in taken or re.fullmatch(
        r"(?i)(con|prn|aux|nul|(com|lpt)\d)(\..*)?", stem
    ):
        stem = f"original-{stem}"
    return f"{stem}{dot}{suffix}"


def _zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            entry = zipfile.ZipInfo(path.name)  # of no date, so that the same snapshot is the same bytes
            entry.compress_type, entry.file_size = zipfile.ZIP_DEFLATED, path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as stream:
                shutil.copyfileobj(source, stream, _CHUNK)
    return target


# what goes wrong on disks


@contextmanager
def _sentences(where: Path, key: str = "store_unusable") -> Iterator[None]:
    """An error of the system becomes a sentence."""
    try:
        yield
    except OSError as error:
        raise _unusable(where, error, key) from error


def _unusable(where: Path, error: OSError, key: str = "store_unusable") -> OutputError:
    fix = "store_folder" if key == "store_unusable" else ""
    return OutputError(key, where=str(error.filename or where), found=error.strerror or str(error), fix=fix)


def _disk_error(error: Exception) -> OSError | None:
    """A full or read-only disk, whoever says so while the tables of a draft are written."""
    told = _SYSTEM_ERROR.search(str(error))
    code = getattr(error, "errno", None) or (int(told[1]) if told else None)
    return OSError(code, os.strerror(code)) if code in _FULL else None
