"""Measures the main pages against a bare-Flask floor on the same machine, in the same run.

`python -m bench` (or `make bench`) fills a database of our own making with 250 and then with 2,500
venues, serves it with two sync workers of gunicorn beside the floor, and prints medians, ratios
and whether each goal is met. Only ratios taken in one run mean anything: machines differ, and so
does one machine from hour to hour.
"""
