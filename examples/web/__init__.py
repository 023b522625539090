"""The sample web: invented lawful and unlawful sites under `.example`, served on one loopback port."""
