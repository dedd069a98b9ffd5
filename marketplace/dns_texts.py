"""The port to the DNS: the texts that a name publishes. Tests put another function in its place."""

import dns.exception
import dns.resolver

PATIENCE_SECONDS = 5.0


def texts_of(name: str) -> frozenset[str]:
    """Every TXT record of the name; empty where there is none. DNSException where nobody answers."""
    try:
        answer = dns.resolver.resolve(name, "TXT", lifetime=PATIENCE_SECONDS, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return frozenset()
    return frozenset(b"".join(record.strings).decode("utf-8", "replace") for record in answer)


Unanswered = dns.exception.DNSException
