"""The query language: what a search means, and whether an entry matches it."""

from logster.search.parser import parse as parse
from logster.search.query import Query as Query
