"""Paper: A4 PDFs with a letterhead, embedded fonts and tags that a screen reader can follow.

`typeset` makes any text drawable, measures it and breaks it into lines. `sheet.Sheet` is a tagged
page to compose by hand, as the certificate does. `report.Report` flows headings, paragraphs and
long tables down as many pages as they need, under a letterhead. `ream.Ream` is a sheet for papers
of any length: it is written to a file while it is drawn, and lets go of what is done.
`blank.BlankForm` are questions to be answered with a pen, and `handing` hands a paper out.

Promises: the same input gives the same bytes; every font is embedded; every mark on the page is
either tagged (ISO 32000-1, 14.7 and 14.8) or declared decoration; nothing is fetched or read
because of what a text says (text is drawn, never parsed); where a letter cannot be drawn, the
true text is kept beside it, for copying and for screen readers. Finished pages are kept
compressed, so a report of thousands of rows stays small. The tags have not been checked against
PDF/UA, so no file claims it.

All lengths are points from the bottom left corner of the page. The margin keeps clear of a hole
punch.
"""
