"""Where a venue stands with its commitments, worked out from dated records and never ticked.

`rules.assess` is a pure function of an edition, the facts and a day. Its result is stored as the
venue's *standing* by the same commit that changed a fact, with the last day it holds, so that no
page recomputes and none trusts yesterday. The champion's pages stand here too. What the charter
asks is one floor further down (`editions`), what was shown for it another (`proofs`): together
they were one package, which had grown to more files than anybody keeps in mind.

What other capabilities count is taken over by `counting`, and stored with the last day it holds.

Tables: commitment_standing, venue_standing, counted_fact.
"""
