"""Files of coding programs as projects: which formats there are, which one a file is, what it holds."""

from analysis_lib.importers.importer import IMPORTERS, Importer
from analysis_lib.importers.project import Project
from analysis_lib.importers.recognise import read_project, recognise

__all__ = ["IMPORTERS", "Importer", "Project", "read_project", "recognise"]
