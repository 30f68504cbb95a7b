"""Training sessions: when and where, who is booked, who came.

The office runs sessions for the city, and a venue's own trainer may run one for that venue (it is
marked so). A venue books its own people; when a session is full they wait in a line. Who came is
known from the trainer's register, or from the phones in the room: the trainer's screen shows a
code that changes every minute, a phone gives it without an account and picks one name of one
venue's booked list. Rows count once the trainer has confirmed how many people were in the room.

Each training row made here has a code, and a page behind it that tells whether a certificate of
attendance is ours, showing no more of the name than initials.
Tables: training_session, booking, attendance_paper.
"""
