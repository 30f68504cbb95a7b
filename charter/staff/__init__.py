"""Who works at a venue tonight: the list that every training count is held against.

A person is on one venue's list (`StaffMember`) with one or more jobs one after the other
(`StaffJob`), each with the days it ran. Nobody is ever taken off: whoever leaves keeps their
history. A person at two venues is two rows until *they* say, from their own account, that both are
them; no venue can say it for them, and none reads the other's list.

What the jobs are stands in `seeds/training/jobs.toml`. Nothing here knows of courses or of what
the charter asks: that is `charter.training`, one floor up.
Tables: staff_list, staff_member, staff_job, staff_link, staff_import.
"""
