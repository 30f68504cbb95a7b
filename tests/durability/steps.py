"""The steps of saving a proof, in order, between which a server may die; and its workers."""

STEPS = (
    "file written, not synced",
    "file synced, not in its place",
    "file in its place, folder not synced",
    "folder synced, nothing in the database",
    "rows flushed",
    "before the commit",
    "after the commit",
    "answer not sent",
)
BEFORE_COMMIT = STEPS[: STEPS.index("after the commit")]
WORKERS = 2
