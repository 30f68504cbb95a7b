"""Certificates: who may have one, its issue by two people, its PDF, and the page that proves it.

Tables: certificate_proposal, certificate. Facts and bytes are frozen at issue; whether it holds
*today* is worked out each time from the certificate, the venue's standing and today's date, so
that a certificate cannot outlive its facts.
"""
