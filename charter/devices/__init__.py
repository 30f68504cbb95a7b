"""A venue's own phone or tablet: paired once by a manager, signed in on with a PIN for a shift.

Staff need no e-mail address and no account for it. It writes entries and reads nothing: a phone
that lies by the till must not be a way to what others wrote.
Tables: device, staff_pin, device_shift.
"""
