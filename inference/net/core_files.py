"""What lies in a core's directory, and is it whole?

Set-up and loading: the manifest beside the weights names each file's size and digest; the core's digest
is made of them and stands in every partition and receipt. Reads and writes JSON only.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from inference.net.files import describe, digest_of_files, write_atomically

CORE_MANIFEST = "core.json"


@dataclass(frozen=True, slots=True)
class CoreManifest:
    """Name, digest and files of a core on disk."""

    slug: str
    digest: str
    sizes: dict[str, int]
    origin: str

    def whole(self, directory: Path) -> bool:
        """Are all files there in full length? (Digests are proved once, when they are written.)"""
        return all(
            (directory / name).is_file() and (directory / name).stat().st_size == size
            for name, size in self.sizes.items()
        )


def write_manifest(directory: Path, *, slug: str, origin: str) -> CoreManifest:
    """Describe every file in the directory; written last, so a manifest means a finished directory."""
    files = describe(directory, model_file_names(directory))
    digest = digest_of_files(files)
    content = {"format": 1, "slug": slug, "digest": digest, "origin": origin, "files": files}
    write_atomically(directory / CORE_MANIFEST, (json.dumps(content, indent=2) + "\n").encode())
    return read_manifest(directory)


def read_manifest(directory: Path) -> CoreManifest:
    """The manifest that `write_manifest` left; a directory without one is described from its files."""
    path = directory / CORE_MANIFEST
    if not path.exists():
        files = describe(directory, model_file_names(directory))
        sizes = {name: int(entry["bytes"]) for name, entry in files.items()}
        return CoreManifest(directory.name.lower(), digest_of_files(files), sizes, "directory")
    content = json.loads(path.read_text(encoding="utf-8"))
    sizes = {name: int(entry["bytes"]) for name, entry in content["files"].items()}
    return CoreManifest(content["slug"], content["digest"], sizes, content["origin"])


def model_file_names(directory: Path) -> tuple[str, ...]:
    """Files that decide what the core says: configuration, weights, tokenizer, chat template."""
    suffixes = {".json", ".safetensors", ".jinja", ".model", ".txt"}
    names = (path.name for path in directory.iterdir() if path.is_file() and path.suffix in suffixes)
    return tuple(sorted(name for name in names if name != CORE_MANIFEST))
