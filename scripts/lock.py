"""Write the hash-checked requirement files: ``make lock``."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes"]
COMPILE += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--python-version", "3.11"]


def main() -> None:
    def compile_to(target: str, *arguments: str) -> None:
        subprocess.run([*COMPILE, *arguments, "--output-file", f"requirements/{target}.txt"], cwd=ROOT, check=True)

    compile_to("runtime", "pyproject.toml")
    compile_to("build", "requirements/build.in")
    compile_to("dev", "--extra", "dev", "--constraint", "requirements/runtime.txt", "pyproject.toml")


if __name__ == "__main__":
    main()
