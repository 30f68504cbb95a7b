"""Training: who did which course when, and how much of today's team is covered.

Courses are data (`seeds/training/courses.toml`); a new course, or a variant of one for some jobs,
is a change of that file. A course says which *facts* of the charter it counts for, so that no
edition has to name a course. A training row is dated, is never rewritten (a wrong one is taken
back, with a reason, and stays readable), and lasts as long as its course said on the day.

How a team is counted stands in `coverage`, which is pure; `facts` gathers what it needs for many
venues at the cost of one. `tally` and `city` keep the city's numbers as dated changes, so that its
page is right on any day. Tables: training_record, outside_training, outside_person,
outside_course, team_count, starter_lack.
"""
