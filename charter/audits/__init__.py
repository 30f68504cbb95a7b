"""Space audits: somebody walks the venue and answers, zone by zone, what they see there.

What is asked is data (`seeds/audits/*.toml`, read by `template`). A template has editions, numbered
from 1, and each is kept as it was loaded (`loading`): an audit is read for ever with the words it
was answered on. A changed word, a new question or one that is retired is a new edition; a key
never comes back as another kind of question. Table: audit_template.

A *space audit* is a walk; an *auditor* is somebody from outside who reads; the *trail* is the
record of who did what.
"""
