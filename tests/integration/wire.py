"""Requests as bytes: those that a strict server refuses, and those that it must understand.

Written from RFC 9110, RFC 9112 and RFC 3986, and from published work on request smuggling.
"""

import contextlib

from daemon import Daemon

HOST = b"Host: localhost\r\n"
SCAN = b"POST /api/ingest/v1/scan HTTP/1.1\r\n"
TOKEN = b"T" * 95  # placeholder of the token from `with_token`, of the same length
JSON = b"Content-Type: application/json\r\nAuthorization: Bearer " + TOKEN + b"\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
SMUGGLED = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: yes\r\n\r\n"
TARGET = b'{"target":"127.0.0.77"}'  # 0x17 bytes
TE_HEAD = SCAN + HOST + JSON + CHUNKED + b"\r\n"


@contextlib.contextmanager
def started(binary, folder):
    server = Daemon(binary, folder / "data")
    server.config["limits"] = {"http_linger_ms": 300, "http_body_bytes": 65_536,
                               "refused_per_address_per_s": 100_000, "refused_per_address_burst": 100_000}
    server.start("--roles", "ingest,view")
    server.wait_until_ready()
    assert server.post_scan("127.0.0.77").status == 202  # so that the response is 200 from now on
    try:
        yield server
    finally:
        server.finish()


def with_token(data, server):
    return data.replace(TOKEN, server.token.encode())


def lines(*more):
    return b"".join(each + b"\r\n" for each in more)


def get(*more, line=b"GET /livez HTTP/1.1"):
    return line + b"\r\n" + HOST + lines(*more) + b"\r\n"


def post(body=TARGET, *more):
    return (SCAN + HOST + JSON + lines(*more) +
            b"Content-Length: %d\r\n\r\n" % len(body) + body)


def chunked(chunks, *more):
    framed = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks)
    return (SCAN + HOST + JSON + CHUNKED + lines(*more) + b"\r\n" +
            framed + b"0\r\n\r\n")


def posted_with(*more, body=b"abc"):
    """A request with a body whose end depends on the interpretation of the lines."""
    return SCAN + HOST + lines(*more) + b"\r\n" + body


def request_lines():
    for name, line in {
        "two spaces after the method": b"GET  /livez HTTP/1.1",
        "two spaces before the version": b"GET /livez  HTTP/1.1",
        "a tab after the method": b"GET\t/livez HTTP/1.1",
        "a tab before the version": b"GET /livez\tHTTP/1.1",
        "a space before the method": b" GET /livez HTTP/1.1",
        "a space after the version": b"GET /livez HTTP/1.1 ",
        "no version": b"GET /livez",
        "an empty version": b"GET /livez ",
        "no target": b"GET HTTP/1.1",
        "a method alone": b"GET",
        "a method that is not a token": b"GE(T /livez HTTP/1.1",
        "a method with a slash": b"GET/ /livez HTTP/1.1",
        "a space in the target": b"GET /livez /x HTTP/1.1",
        "a fragment in the target": b"GET /livez#x HTTP/1.1",
        "a quote in the target": b'GET /"livez" HTTP/1.1',
        "a backslash in the target": b"GET \\livez HTTP/1.1",
        "a raw byte in the target": b"GET /\xc3\xa9 HTTP/1.1",
        "a control byte in the target": b"GET /\x01 HTTP/1.1",
        "DEL in the target": b"GET /\x7f HTTP/1.1",
        "NUL in the target": b"GET /\0 HTTP/1.1",
        "half a percent code": b"GET /livez%2 HTTP/1.1",
        "a percent code of NUL": b"GET /livez%00 HTTP/1.1",
        "a target without a slash": b"GET livez HTTP/1.1",
        "authority form": b"CONNECT localhost:80 HTTP/1.1",
        "CONNECT of a path": b"CONNECT /livez HTTP/1.1",
        "authority form of GET": b"GET localhost:80 HTTP/1.1",
        "asterisk form of GET": b"GET * HTTP/1.1",
        "absolute form with a user": b"GET http://admin@localhost/livez HTTP/1.1",
        "absolute form of another scheme": b"GET ftp://localhost/livez HTTP/1.1",
        "absolute form without a host": b"GET http:///livez HTTP/1.1",
        "absolute form of another host": b"GET http://127.0.0.1/livez HTTP/1.1",
        "a version in small letters": b"GET /livez http/1.1",
        "a version with three digits": b"GET /livez HTTP/1.10",
        "a version without a point": b"GET /livez HTTP/11",
        "another protocol": b"GET /livez RTSP/1.0",
    }.items():
        yield name, 400, line + b"\r\n" + HOST + b"\r\n"
    for version in (b"0.9", b"1.2", b"2.0", b"3.0", b"9.9"):
        yield f"version {version.decode()}", 505, b"GET /livez HTTP/" + version + b"\r\n" + HOST + b"\r\n"
    yield "the preface of HTTP/2", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    yield "LF alone after the request line", 400, b"GET /livez HTTP/1.1\n" + HOST + b"\r\n"
    yield "two empty lines before it", 400, b"\r\n\r\n" + get()
    yield "LF alone before it", 400, b"\n" + get()
    yield "the beginning of TLS", 400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64
    yield "a target that is too long", 414, get(line=b"GET /" + b"a" * 5000 + b" HTTP/1.1")
    yield "a method that never ends", 431, b"A" * 9000


def header_lines():
    for name, line in {
        "a space before the colon": b"X : y",
        "a tab before the colon": b"X\t: y",
        "a space in a name": b"X Y: z",
        "no name": b": y",
        "no colon": b"X",
        "a folded line": b"X: y\r\n z",
        "a line folded with a tab": b"X: y\r\n\tz",
        "a space before the name": b" X: y",
        "CR alone in a value": b"X: y\rz",
        "LF alone in a value": b"X: y\nZ: z",
        "LF alone at a line's end, Host smuggled": b"X: y\nHost: other",
        "CR CR LF": b"X: y\r",
        "NUL in a value": b"X: y\0z",
        "NUL in a name": b"X\0: y",
        "a control byte in a value": b"X: y\x0bz",
        "an escape in a value": b"X: \x1b[31m",
        "DEL in a value": b"X: y\x7f",
        "a quoted name": b'"X": y',
        "a name in brackets": b"[X]: y",
        "a raw byte in a name": b"X\xc3\xa9: y",
        "Connection that is not a list": b"Connection: keep alive",
    }.items():
        yield name, 400, get(line)
        yield name + ", first", 400, b"GET /livez HTTP/1.1\r\n" + line + b"\r\n" + HOST + b"\r\n"
    yield "a header that is too large", 431, get(b"X: " + b"y" * 9000)
    yield "a name that is too large", 431, get(b"X" * 9000 + b": y")
    yield "too many headers", 431, get(*[b"X: y"] * 64)
    yield "an expectation that is not known", 417, get(b"Expect: the-unexpected")
    yield "two expectations in one", 417, get(b"Expect: 100-continue, x")


def hosts():
    line = b"GET /livez HTTP/1.1\r\n"
    yield "no Host", 400, line + b"\r\n"
    yield "two Hosts", 400, line + HOST + HOST + b"\r\n"
    yield "two Hosts, one in small letters", 400, line + HOST + b"host: other\r\n\r\n"
    yield "two Hosts on 1.0", 400, b"GET /livez HTTP/1.0\r\n" + HOST + HOST + b"\r\n"
    yield "no Host beside an absolute form", 400, b"GET http://localhost/livez HTTP/1.1\r\n\r\n"
    for bad in (b"", b" ", b"localhost, localhost", b"localhost localhost", b"local\thost", b"a@localhost",
                b"localhost:x", b"localhost:-1", b"localhost:99999", b"localhost:80:80", b":80", b"[::1",
                b"::1", b"[::1]x", b"[localhost]", b"http://localhost", b"localhost/", b"localhost?",
                b"localhost#", b"local%68ost", b"localhost\\", b'"localhost"', b"\xc3\xa9"):
        yield f"Host of {bad!r}", 400, line + b"Host: " + bad + b"\r\n\r\n"
    for other in (b"evil.example", b"localhost.evil.example", b"10.0.0.1", b"[::2]", b"localhost."):
        yield f"Host of {other!r}", 421, line + b"Host: " + other + b"\r\n\r\n"


def framings():
    yield "Content-Length before chunks", 400, posted_with(b"Content-Length: 3", b"Transfer-Encoding: chunked",
                                                           body=b"0\r\n\r\n")
    yield "chunks before Content-Length", 400, posted_with(b"Transfer-Encoding: chunked", b"Content-Length: 5",
                                                           body=b"0\r\n\r\n")
    yield "two lengths", 400, posted_with(b"Content-Length: 3", b"Content-Length: 0")
    yield "two equal lengths", 400, posted_with(b"Content-Length: 3", b"Content-Length: 3")
    for bad in (b"3, 3", b"3 3", b"+3", b"-3", b"0x3", b"3.0", b"3e0", b"", b"three", b"3;", b"'3'", b"3,",
                b"18446744073709551619", b"9" * 40):
        yield f"Content-Length of {bad!r}", 400, posted_with(b"Content-Length: " + bad)
    yield "a length that is too large", 413, posted_with(b"Content-Length: 65537")
    yield "a length of 64 bits", 413, posted_with(b"Content-Length: 18446744073709551615")
    for bad in (b"gzip", b"identity", b"xchunked", b"chunkedx", b"chunked, gzip", b"gzip, chunked",
                b"chunked, chunked", b"chunked,", b",chunked", b"chunked;q=1", b'"chunked"', b"", b"chun ked",
                b"x", b"chunked identity"):
        yield (f"Transfer-Encoding of {bad!r}", 400,
               posted_with(b"Transfer-Encoding: " + bad, body=b"0\r\n\r\n"))
    yield "two codings", 400, posted_with(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked",
                                          body=b"0\r\n\r\n")
    yield "a second coding in other letters", 400, posted_with(
        b"Transfer-Encoding: chunked", b"transfer-encoding: identity", body=b"0\r\n\r\n")
    yield "a coding with a tab before the colon", 400, posted_with(b"Transfer-Encoding\t: chunked",
                                                                   b"Content-Length: 3")
    yield "a coding on a folded line", 400, posted_with(b"Transfer-Encoding:\r\n chunked", body=b"0\r\n\r\n")
    yield "a coding behind LF alone", 400, posted_with(b"X: y\nTransfer-Encoding: chunked", b"Content-Length: 3")
    yield "a coding behind a control byte", 400, posted_with(b"Transfer-Encoding: \x0bchunked",
                                                             body=b"0\r\n\r\n")
    yield "chunks on 1.0", 400, (b"POST /api/ingest/v1/scan HTTP/1.0\r\n" + HOST + CHUNKED +
                                 b"\r\n0\r\n\r\n")
    yield "GET with an unclear length", 400, get(b"Content-Length: 0, 0")


def chunks():
    for name, framed in {
        "an extension": b"17;a=b\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "an empty extension": b"17;\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "an extension with a control byte": b'17;a="\x01"\r\n' + TARGET + b"\r\n0\r\n\r\n",
        "an extension with LF alone": b"17;a\n" + TARGET + b"\r\n0\r\n\r\n",
        "an extension of the last chunk": b"17\r\n" + TARGET + b"\r\n0;a\r\n\r\n",
        "an endless extension": b"17;" + b"a" * 100_000,
        "a trailer": b"17\r\n" + TARGET + b"\r\n0\r\nUser-Id: admin\r\n\r\n",
        "a trailer of a header's name": b"17\r\n" + TARGET + b"\r\n0\r\nContent-Length: 0\r\n\r\n",
        "an endless trailer": b"17\r\n" + TARGET + b"\r\n0\r\nX: " + b"a" * 100_000,
        "a folded trailer": b"17\r\n" + TARGET + b"\r\n0\r\n x\r\n\r\n",
        "a size with 0x": b"0x17\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a size with a sign": b"+17\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a negative size": b"-1\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a space before the size": b" 17\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a space after the size": b"17 \r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a tab after the size": b"17\t\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "no size": b"\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a size that is not a number": b"zz\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "LF alone after the size": b"17\n" + TARGET + b"\r\n0\r\n\r\n",
        "CR alone after the size": b"17\r" + TARGET + b"\r\n0\r\n\r\n",
        "LF alone after the bytes": b"17\r\n" + TARGET + b"\n0\r\n\r\n",
        "nothing after the bytes": b"17\r\n" + TARGET + b"0\r\n\r\n",
        "a size that is too small": b"16\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "LF alone at the end": b"17\r\n" + TARGET + b"\r\n0\n\n",
        "LF alone as the last line": b"17\r\n" + TARGET + b"\r\n0\r\n\n",
        "a size of seventeen digits": b"00000000000000017\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "NUL in the size": b"1\x007\r\n" + TARGET + b"\r\n0\r\n\r\n",
    }.items():
        yield "chunks: " + name, 400, TE_HEAD + framed
    for size in (b"10001", b"fffffff", b"FFFFFFFFFFFFFFFF", b"10000000000000017"):
        yield f"a chunk of {size.decode()}", 413, TE_HEAD + size + b"\r\n" + TARGET + b"\r\n0\r\n\r\n"
    yield "a size that wraps 32 bits", 413, TE_HEAD + b"100000017\r\n" + TARGET + b"\r\n0\r\n\r\n"


def accepted():
    live = {
        "one empty line before it": b"\r\n" + get(),
        "HTTP/1.0 without Host, kept": b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        "HTTP/1.0 with Host, kept": b"GET /livez HTTP/1.0\r\nConnection: Keep-Alive\r\n" + HOST + b"\r\n",
        "absolute form": get(line=b"GET http://localhost/livez HTTP/1.1"),
        "absolute form in capitals": get(line=b"GET HTTP://LOCALHOST/livez HTTP/1.1"),
        "absolute form of https": get(line=b"GET https://localhost/livez HTTP/1.1"),
        "a percent code": get(line=b"GET /%6civez HTTP/1.1"),
        "a query": get(line=b"GET /livez?a=b&c=%20+d;e:@/?! HTTP/1.1"),
        "an empty query": get(line=b"GET /livez? HTTP/1.1"),
        "no space after a colon": b"GET /livez HTTP/1.1\r\nHost:localhost\r\n\r\n",
        "spaces and tabs around a value": b"GET /livez HTTP/1.1\r\nHost: \t localhost \t\r\n\r\n",
        "a name in capitals": b"GET /livez HTTP/1.1\r\nHOST: localhost\r\n\r\n",
        "an odd name": get(b"!#$%&'*+-.^_`|~09aZ: x"),
        "an empty value": get(b"X:"),
        "a value of spaces": get(b"X:  \t "),
        "a tab in a value": get(b"X: a\tb"),
        "raw bytes in a value": get(b"X: \xe2\x82\xac\xff\x80"),
        "colons in a value": get(b"X: a: b:: c"),
        "quotes in a value": get(b'X: "a, b" (c)'),
        "the same name often": get(b"X: 1", b"X: 2", b"x: 3"),
        "GET with a body": get(b"Content-Length: 3") + b"abc",
        "GET with a body that looks like a request": get(b"Content-Length: %d" % len(SMUGGLED)) + SMUGGLED,
        "GET with a body in chunks": get(b"Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
        "GET with a length of nothing": get(b"Content-Length: 0"),
        "a length with zeros before it": get(b"Content-Length: 0003") + b"abc",
        "Expect without a body": get(b"Expect: 100-continue"),
        "Expect on 1.0 means nothing":
            b"GET /livez HTTP/1.0\r\nConnection: keep-alive\r\nExpect: x\r\n\r\n",
        "TE": get(b"TE: trailers, deflate;q=0.5", b"Connection: TE"),
        "Trailer without any": get(b"Trailer: X", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
        "Upgrade": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
        "a list with empty places": get(b"Connection: , keep-alive ,, x"),
        "HEAD": get(line=b"HEAD /livez HTTP/1.1"),
    }
    for host in (b"localhost:", b"LocalHost:8480", b"127.0.0.1", b"127.1.2.3:65535", b"[::1]", b"[::1]:1",
                 b"[0:0:0:0:0:0:0:1]"):
        live[f"Host of {host.decode()}"] = b"GET /livez HTTP/1.1\r\nHost: " + host + b"\r\n\r\n"
    out = {name: (200, data) for name, data in live.items()}
    out["OPTIONS of everything"] = (204, get(line=b"OPTIONS * HTTP/1.1"))
    out["OPTIONS of a path"] = (204, get(line=b"OPTIONS /livez HTTP/1.1"))
    out["an unknown method"] = (405, get(line=b"M-SEARCH /livez HTTP/1.1"))
    out["a method in small letters"] = (405, get(line=b"get /livez HTTP/1.1"))
    out["two slashes"] = (404, get(line=b"GET //livez HTTP/1.1"))
    out["dots in a path"] = (404, get(line=b"GET /a/../livez HTTP/1.1"))
    out["HTTP/1.0"] = (200, b"GET /livez HTTP/1.0\r\n\r\n")
    out["Connection: close among others"] = (200, get(b"Connection: x, CLOSE"))
    for name, framed in {
        "sizes in capitals and with zeros": b"0000A\r\n" + TARGET[:10] + b"\r\n0D\r\n" + TARGET[10:] +
                                            b"\r\n000\r\n\r\n",
        "chunks of one byte": b"".join(b"1\r\n%c\r\n" % byte for byte in TARGET) + b"0\r\n\r\n",
        "a size of sixteen digits": b"0000000000000017\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a chunk that holds CR LF": b"19\r\n\r\n" + TARGET + b"\r\n0\r\n\r\n",
        "a chunk that looks like the last": b"1c\r\n" + TARGET + b"\n\r\n\r\n\r\n0\r\n\r\n",
    }.items():
        out["chunks: " + name] = (200, TE_HEAD + framed)
    out["a coding in capitals"] = (200, TE_HEAD.replace(b"chunked", b"CHUNKED") + b"17\r\n" + TARGET +
                                   b"\r\n0\r\n\r\n")
    return out


REFUSED = {name: (status, data) for part in (request_lines, header_lines, hosts, framings, chunks)
           for name, status, data in part()}
ACCEPTED = accepted()
CLOSES = {"HTTP/1.0", "Connection: close among others"}
