"""Read earlier runs from JUnit XML: files, folders, zip and tar archives of them. Effects: reads files.

pytest writes no node ids. They are rebuilt from the attributes of `<testcase>`, see `NodeIds`.
"""

from __future__ import annotations
