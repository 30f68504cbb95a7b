"""Space audits: somebody walks the venue and answers, zone by zone, what they see there.

What is asked is data (`seeds/audits/*.toml`, read by `template`). A template has editions, numbered
from 1, and each is kept as it was loaded (`loading`): an audit is read for ever with the words it
was answered on. A changed word, a new question or one that is retired is a new edition; a key
never comes back as another kind of question.

A walk takes in every room that the venue has, and what every venue has (`walks.through`). Several
people answer at once (`service`); a finished walk never changes, and every weak answer of it is
something to mend (`actions`): it needs a person and a day within a week, and a photo from after
where a place was mended. One that a later walk finds again is the same one. What was found is set
beside the walk before (`results`): by place, never as one number, and how it feels never added to
the rest. The office checks on the same questions (`check_views`); a check is one more walk, of
another kind, which the venue reads once it is finished. Both can be done on paper and typed in.

Tables: audit_template, audit, audit_answer, audit_photo, audit_action.

A *space audit* is a walk; an *auditor* is somebody from outside who reads; the *trail* is the
record of who did what.
"""
