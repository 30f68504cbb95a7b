"""Who works the door: names, licence numbers and hours of each night, where a licence asks for it.

Rows are never changed; a wrong one is struck and written again. Names and numbers are sealed.
Table: door_shift.
"""
