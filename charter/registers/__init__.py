"""The incident book on paper, both ways: printed as a register, and typed in from blank pages.

`register` is the whole book of a period as somebody may hold it in their hand: it says whether the
book verified when it was printed. It is drawn while it is read, so that its length costs no memory
(`core.paper.ream`). `handing` is one entry for the police, with what was ticked and nothing else.
`sheets` are blank numbered pages for the door; `pages` knows what became of each and types them in.

Only entries of the venue's own series are ever read (`Entry.book`). A page whose entry is about
somebody in charge stays what it was: the office's entry has no link to it.
"""
