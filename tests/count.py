#!/usr/bin/python3
"""Prints "passed failed" of a JUnit report; a report without a test counts as one failure."""
import sys
import xml.etree.ElementTree as tree

suites = tree.parse(sys.argv[1]).getroot().iter("testsuite")
total = bad = skipped = 0
for suite in suites:
    total += int(suite.get("tests", 0))
    bad += sum(int(suite.get(kind, 0)) for kind in ("failures", "errors"))
    skipped += int(suite.get("skipped", 0))
if total == 0:
    bad = 1
print(max(total - bad - skipped, 0), bad)
