"""Packaging of eve-meta: data only; see README.md for why each dependency is there."""

from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.sdist import sdist


class WithItsTests(sdist):
    """The source with what tests it, documents it and makes packages of it: there is no MANIFEST.in."""

    def make_distribution(self) -> None:
        """Add that to the package's files."""
        for directory in (".ci", "docs", "scripts", "tests"):
            self.filelist.graft(directory)
        for file in (".ruff.toml", "tox.ini"):
            self.filelist.include(file)
        self.filelist.global_exclude("*.py[co]")
        super().make_distribution()


setup(
    name="eve-meta",
    version="0.1.0",
    description="Cloud metadata for the VMs of one hypervisor, told apart by the interface they ask from",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license_expression="Apache-2.0",
    python_requires=">=3.11",
    cmdclass={"sdist": WithItsTests},
    packages=find_packages(include=["eve_meta", "eve_meta.*", "netns", "netns.*"]),
    package_data={"eve_meta": ["py.typed"], "netns": ["py.typed"]},
    install_requires=[
        "attrs>=24.2",
        "cattrs>=24.1",
        "click>=8.2",
        "httptools>=0.6.4",
        "pycdlib>=1.22",
        "prometheus-client>=0.21",
        "PyYAML>=6.0.1",
        "rich>=13.9",
        "Twisted>=25.5",
        "zope.interface>=8.0",
    ],
    extras_require={
        "bench": [
            "matplotlib>=3.8",
            "pytest>=8.3",
        ],
        "docs": [
            "furo>=2024.8.6",
            "myst-parser>=4.0",
            "Sphinx>=8.1",
        ],
        "test": [
            "botocore>=1.35",
            "cloudbase-init>=1.1.8",
            "coverage>=7.6",
            "ec2-metadata>=3.0",
            "h11>=0.16",
            "hypothesis>=6.130",
            "jsonschema-rs>=0.60",
            "markdown-it-py>=3.0",
            "mdit-py-plugins>=0.4.1",
            "mypy>=1.13",
            "mypy-zope>=1.0.8",
            "pyroute2>=0.9.5",
            "pytest>=8.3",
            "pytest-timeout>=2.3",
            "ruff>=0.9",
            "schemathesis>=4.32",
            "twine>=6.1",
            "types-PyYAML",
            "types-setuptools",
        ],
    },
    entry_points={"console_scripts": ["eve-meta = eve_meta.cli:main"]},
    classifiers=[
        "Development Status :: 4 - Beta",
        "Framework :: Twisted",
        "Operating System :: POSIX :: Linux",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: System :: Systems Administration",
    ],
)
