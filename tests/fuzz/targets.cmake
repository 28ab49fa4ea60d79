# One line a parser of outside bytes.
sonde_fuzz(certificate LINKS sonde_tls)
sonde_fuzz(client_handshake LINKS sonde_tls)
