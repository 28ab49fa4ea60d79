"""Gives each check of this directory a violation, which it must report, and valid code, which it
must accept."""

import os
import shutil
import tempfile
import unittest
import unittest.mock
from pathlib import Path

import clang
import classes
import coroutines
import formatting
import fuzzers
import includes
import lengths
import readmes
import source
import words

HERE = Path(__file__).resolve().parent


class Tree(unittest.TestCase):
    """A test with a temporary tree."""

    def setUp(self):
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)

    def put(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def assert_says(self, violations, *wanted):
        said = "\n".join(str(v) for v in violations)
        self.assertEqual(len(violations), len(wanted), said)
        for words_wanted in wanted:
            self.assertIn(words_wanted, said)
        for violation in violations:
            self.assertTrue(violation.fix)


class Source(unittest.TestCase):
    def test_comments_and_literals_are_blanked_and_lines_stay(self):
        code = source.code_of('int a; // co_await "\nauto s = "co_await \\" {"; /* {\n{ */ char c = \'{\';')
        self.assertNotIn("co_await", code)
        self.assertNotIn("{", code)
        self.assertEqual(code.count("\n"), 2)
        self.assertIn("int a;", code)

    def test_raw_strings_and_digit_separators(self):
        code = source.code_of('auto a = R"({"x": "})"; auto b = 1\'000; f({b});')
        self.assertEqual(code.count("{"), 1)
        self.assertIn("f({b});", code)

    def test_include_lines_keep_their_path(self):
        self.assertIn('"base/x.hpp"', source.code_of('#include "base/x.hpp"\n'))


class Includes(Tree):
    def test_an_arrow_the_wrong_way(self):
        self.put("model/x.cpp", '#include "base/hash.hpp"\n#include "queue/io.hpp"\n')
        self.put("queue/x.cpp", '#include "model/text/json.hpp"\n')
        self.put("base/x.cpp", '#include "base/async/asio.hpp"\n')
        self.assert_says(includes.check(self.root), "model/x.cpp:2: model may not include queue/io",
                         "queue/x.cpp:1: queue may not include model", "base/x.cpp:1:")

    def test_a_backend_is_named_in_the_wiring_only(self):
        self.put("daemon/backend.cpp", '#include "queue/embedded/embedded_queue.hpp"\n')
        self.put("daemon/node.cpp", '#include "queue/embedded/embedded_queue.hpp"\n')
        self.put("ingest/x.cpp", '#include "queue/memory/memory_queue.hpp"\n')
        self.assert_says(includes.check(self.root), "daemon/node.cpp:1:", "ingest/x.cpp:1:")

    def test_libraries_stay_in_their_folders(self):
        self.put("scanner/x.cpp", "#include <openssl/ssl.h>\n#include <boost/beast/http.hpp>\n")
        self.put("model/x.cpp", "#include <boost/asio/post.hpp>\n")
        self.put("queue/x.cpp", "#include <librdkafka/rdkafka.h>\n")
        self.put("tls/shown.hpp", "#include <openssl/ssl.h>\n")
        self.put("scanner/resolver/x.cpp", "#include <ares.h>\n#include <algorithm>\n")
        self.put("queue/embedded/x.cpp", "#include <sqlite3.h>\n")
        self.put("net/http_client.cpp", "#include <boost/beast/http.hpp>\n")
        self.put("net/response_reader.cpp", "#include <boost/beast/http.hpp>\n")
        self.put("client/y.cpp", "#include <boost/url/parse.hpp>\n")
        self.assert_says(includes.check(self.root), "<openssl/ssl.h>", "<boost/beast/http.hpp>",
                         "free of Asio", "librdkafka", "tls/shown.hpp:1: a header",
                         "net/http_client.cpp:1: <boost/beast/http.hpp>", "client/y.cpp:1:")

    def test_inner_headers_and_relative_paths(self):
        self.put("ingest/x.cpp", '#include "views/folding_view.hpp"\n#include "router.hpp"\n')
        self.assert_says(includes.check(self.root), "its own folder's sources",
                         "no path from the root")


class Lengths(Tree):
    def test_a_long_function_and_a_long_file(self):
        body = "  f();\n" * 69
        self.put("base/x.cpp", f"namespace a {{\nclass b {{\n  void g() const {{\n{body}  }}\n}};\n}}\n"
                 f"void h() {{\n{body[7:]}}}\nint t[] = {{\n{'  1,' + chr(10) * 80}}};\n")
        self.put("base/long.hpp", "\n" * 401)
        self.put("tests/x.py", "def f():\n" + "    pass\n" * 70)
        self.assert_says(lengths.check(self.root), "base/x.cpp:3: a function of 71",
                         "base/long.hpp:401: 401 lines", "tests/x.py:1: a function of 71")

    def test_test_cases_count_and_constructors_do_not_confuse(self):
        self.put("tests/x.cpp", 'TEST_CASE("x") {\n' + "  f();\n" * 69 + "}\n"
                 "a::a(int b) : c_{b}, d_{1} {\n  g();\n}\n")
        self.assert_says(lengths.check(self.root), "tests/x.cpp:1: a function of 71")


class Classes(Tree):
    def test_a_class_in_two_sources(self):
        self.put("views/a.cpp", "namespace n {\nview::view(int a)\n    : a_(a), b_{1} {}\n"
                 "view::~view() {\n  stop();\n}\n}\n")
        self.put("views/b.cpp", '#include "a.hpp"\nnamespace n {\n\n'
                 "// What view::find(x) {} returns.\nawaitable<result<int>> view::find(int a) const {\n"
                 "  co_return other::of(a);\n}\n}\n")
        self.put("webhook/c.cpp", "result<> view::start() { return {}; }\n")
        self.assert_says(classes.check(self.root, frozenset()),
                         "views/b.cpp:5: member functions of view are also in views/a.cpp")

    def test_a_use_is_no_definition(self):
        self.put("views/a.cpp", "result<> view::start() { return {}; }\n"
                 "view& view::operator=(view&& from) noexcept { return *this; }\n")
        self.put("views/b.cpp", "int count = view::count();\nvoid f() {\n  view::start();\n"
                 "  if (view::well()) {\n    g();\n  }\n}\n"
                 "struct s {\n  int h() const { return view::find(1); }\n};\n")
        self.put("tests/views/b.cpp", "void view::start() {}\n")
        # Nested classes of two classes may have one name.
        for name in "cd":
            self.put(f"views/{name}.cpp", f"void {name}::state::stop() {{}}\n")
        self.assert_says(classes.check(self.root, frozenset()))

    def test_the_exceptions_only_shrink(self):
        for name in "ab":
            self.put(f"views/{name}.cpp", f"void view::{name}() {{}}\n")
        self.assert_says(classes.check(self.root, frozenset({"views/view", "views/gone"})),
                         "views/gone is in one source at most")


class Coroutines(unittest.TestCase):
    def found(self, body, path="ingest/x.cpp"):
        return [v.what for v in coroutines.check_text(path, "awaitable<int> f() {\n" + body + "\n}\n")]

    def assert_found(self, body, words_wanted):
        found = self.found(body)
        self.assertEqual(len(found), 1, (body, found))
        self.assertIn(words_wanted, found[0])

    def test_conditions(self):
        for body in ("if (co_await g()) h();", "while (!co_await g()) h();",
                     "if (auto x = co_await g(); x) h();", "switch (co_await g()) {}",
                     "for (auto x : co_await g()) h();"):
            self.assert_found(body, "in the parentheses of")

    def test_values_and_aggregates(self):
        self.assert_found("auto s = S{co_await g(), text};", "inside the braces of a value")
        self.assert_found("co_return std::vector{co_await g(), 1};", "inside the braces")
        self.assert_found("co_await g({.host = name});", "an aggregate made")
        self.assert_found("auto r = co_await g(order, {text}, 1);", "an aggregate made")
        self.assert_found("auto r = co_await g(S{text});", "an aggregate made")

    def test_lambdas(self):
        self.assert_found("co_await spawn(ex, [s = name] { return s; });", "a capturing lambda made")
        self.assert_found("co_await spawn(ex, [id]() { return id; });", "a capturing lambda made")
        self.assert_found("group.spawn([this]() -> awaitable<void> { co_await g(); }());",
                          "called where it is made")

    def test_choice_and_catch(self):
        self.assert_found("auto x = c ? co_await g() : T();", "with ?:")
        self.assert_found("try { h(); } catch (const E& e) { co_await g(); }", "in a catch block")

    def test_borrowed_parameters(self):
        for parameter in ("std::string_view text", "const std::string& text", "T&& x"):
            found = [v.what for v in coroutines.check_text(
                "ingest/x.hpp", f"awaitable<void> f(int a, {parameter});\n")]
            self.assertEqual(len(found), 1, parameter)
            self.assertIn("borrows", found[0])

    def test_asio(self):
        self.assert_found("asio::co_spawn(ex, g(), asio::detached);", "detached swallows")
        self.assert_found("co_await resolver.async_resolve(a, b, token);", "async_resolve")
        self.assertEqual(self.found("asio::co_spawn(ex, g(), asio::detached);", "base/async/x.cpp"), [])
        self.assertEqual(self.found("asio::co_spawn(ex, g(), asio::detached);", "tests/x.cpp"), [])

    def test_what_is_right_passes(self):
        for body in ("auto x = co_await g(a, b);\nif (x) h(S{1});",
                     "auto work = [s = name] { return s; };\nauto x = co_await spawn(ex, std::move(work));",
                     "std::vector<int> v{1, 2};\nco_await g(std::move(v));",
                     "co_await call([this] { return x_; });", "co_await call([&] { return x; });",
                     "while (!done)\n  co_await g();", "if (a) {\n  co_await g();\n}",
                     "auto t = a ? b : c;\nco_await g(t);", "co_await g(name, {});",
                     "for (;;) {\n  auto n = co_await g();\n}",
                     "test::run([](backend& q) -> awaitable<void> { co_await g(q); }(queue));"):
            self.assertEqual(self.found(body), [], body)


class Words(Tree):
    def test_left_overs_and_sleeps(self):
        todo = "TO" + "DO"
        self.put("base/x.cpp", f"// {todo}: later\nvoid f() {{ std::this_thread::sleep_for(x); }}\n"
                 "// never sleep_for(x)\n")
        self.put("tests/x.py", "time.sleep(1)\ntime.sleep(0.1)  # pause: what is tested\n")
        self.put("docs/x.md", f"{todo[::-1]} and nothing else\n")
        self.assert_says(words.check(self.root), f"base/x.cpp:1: a {todo}", "base/x.cpp:2: sleep_for",
                         "tests/x.py:1: a test that sleeps")

    def test_pauses(self):
        waits = "  asio::steady_timer t(loop);\n  co_await test::pause(ms(5));\n"
        settled = "  co_await test::pause(ms(5));  // pause: the server is slow\n"
        declared = "awaitable<void> pause(ms time);\n// pause(x) is a steady_timer\n"
        self.put("tests/engine/x_test.cpp", settled + waits + declared)
        self.put("tests/views/x_test.cpp", settled)
        self.put("tests/bench/x.cpp", waits)
        self.put("base/x.cpp", waits)
        self.assert_says(words.check(self.root), "tests/engine/x_test.cpp:2: a test that waits",
                         "tests/engine/x_test.cpp:3: a test that waits",
                         "tests/views/x_test.cpp:1: a test that waits")

    def test_banned_phrases(self):
        # In parts, so that the check of the tree does not report this file.
        many, nothing, closed = "so ma" + "ny", "at a" + "ll", "bu" + "ried"
        told, own = "is to" + "ld", "one's o" + "wn"
        self.put("base/x.cpp", f'// takes so\n//   {many[3:]} steps\nf("a key {nothing[:2]} "\n'
                 f'  "{nothing[3:]}");\n/// {closed.upper()}\n')
        self.put("docs/x.md", f"A server {told[:2]}\n{told[3:]} {nothing}, {own}.\n")
        self.put("tests/CMakeLists.txt", f"# {nothing}\n")
        self.put("ingest/docs/openapi.json", f'{{"description": "{many}"}}\n')
        self.put("docs/decisions/0001-x.md", f"{many}\n")
        self.put("tests/fuzz/seeds/x.json", f"{many}\n")
        self.put("docs/y.md", "As many rows, at allotted times; the buriedness, behind items.\n")
        found = [(v.file, v.line, v.what.split('"')[1]) for v in words.check(self.root)]
        self.assertEqual(sorted(found), [
            ("base/x.cpp", 1, many), ("base/x.cpp", 3, nothing), ("base/x.cpp", 5, closed.upper()),
            ("docs/x.md", 1, told), ("docs/x.md", 2, nothing), ("docs/x.md", 2, own),
            ("ingest/docs/openapi.json", 1, many), ("tests/CMakeLists.txt", 1, nothing)])

    def test_doc_comments(self):
        self.put("base/x.hpp", "/// What a thing does.\nint a;\n/// Counts the rows.\n"
                 "/// Of a view.\nint b;\nint c;  ///< What\n/// Offset.\nint d;\n"
                 "  /// Of a view.\nint e;\n/// Whether it is.\nint f;\n")
        self.assert_says(words.check(self.root), "base/x.hpp:1: a doc comment that begins with What",
                         "base/x.hpp:9: a doc comment that begins with Of",
                         "base/x.hpp:11: a doc comment that begins with Whether")

    def test_log_messages(self):
        self.put("base/x.cpp", 'log_.info("Stopped", {});\nlog().warning(\n    "it "\n'
                 '    "ended.", {{"a", b}});\nlog->error("TLS failed");\ncontext_.log.debug("e.g." + what);\n'
                 'out.info("Stopped.");\nlog.error(what + "; trying again.");\n')
        self.assert_says(words.check(self.root), "base/x.cpp:1: a log message that does not begin",
                         "base/x.cpp:3: a log message that ends in a period")


class Fuzzers(Tree):
    def test_a_parser_without_its_fuzzer(self):
        self.put("tests/fuzz/targets.cmake", "sonde_fuzz(addresses LINKS sonde_model)\n")
        self.put("model/net/target.hpp", "result<target> parse(std::string_view text);\n")
        self.put("model/net/port_set.hpp", "result<port_set> parse(std::string_view text);\n")
        self.put("ingest/news.hpp", "result<int> parse_news(const std::string& text);\n")
        self.put("ingest/quiet.hpp", "// parse(std::string_view)\nint count(std::string_view text);\n")
        self.assert_says(fuzzers.check(self.root), "no fuzz target ports",
                         "ingest/news.hpp:1: declares a parser")


class Readmes(Tree):
    def test_a_folder_without_a_page(self):
        self.put("base/x.cpp", "")
        self.put("model/README.md", "# model\n")
        self.put("build/x.o", "")
        self.assert_says(readmes.check(self.root), "base/README.md:1: is missing")
        self.put("base/README.md", "| file | holds |\n|---|---|\n| `clock`, `gone.hpp` | times |\n")
        self.put("base/clock.hpp", "")
        self.assert_says(readmes.check(self.root), "base/README.md:3: names gone.hpp, which does not exist")


@unittest.skipIf(shutil.which(formatting.TOOL) is None, "no clang-format-14 here")
class Format(Tree):
    def test_what_is_not_formatted(self):
        shutil.copy(HERE.parents[1] / ".clang-format", self.root)
        self.put("base/x.cpp", "int  a;\n")
        self.put("base/y.cpp", "int a;\n")
        self.assert_says(formatting.check(self.root), "base/x.cpp:1: is not formatted")


@unittest.skipIf(shutil.which(clang.TOOL) is None, "no clang-tidy-14 here")
class Clang(Tree):
    def put_database(self):
        build = self.root / "build"
        build.mkdir(exist_ok=True)
        command = (f"ccache /usr/bin/c++ -I{self.root} -O2 -Wall -Wextra -Wconversion -std=c++20 "
                   "-Winvalid-pch -include nothing.hxx -o base/CMakeFiles/sonde_base.dir/x.cpp.o -c "
                   f"{self.root}/base/x.cpp")
        self.put("build/compile_commands.json",
                 f'[{{"directory":"{build}","command":"{command}","file":"{self.root}/base/x.cpp"}}]')
        return build

    def test_findings_warnings_and_stamps(self):
        kept = unittest.mock.patch.dict(os.environ, XDG_CACHE_HOME=str(self.root / "cache"))
        kept.start()
        self.addCleanup(kept.stop)
        shutil.copy(HERE.parents[1] / ".clang-tidy", self.root)
        build = self.put_database()
        self.put("base/x.hpp", "#include <string>\n#include <utility>\n")
        self.put("base/x.cpp", '#include "base/x.hpp"\nint f(std::string s) {\n  auto t = std::move(s);\n'
                 "  return static_cast<int>(s.size() + t.size());\n}\nint g(long x) { return x; }\n")
        self.assert_says(clang.check(self.root, build), "base/x.cpp:4: 's' used after it was moved",
                         "base/x.cpp:6: implicit conversion loses integer precision")
        self.put("base/x.cpp", '#include "base/x.hpp"\nint g(int x) { return x; }\n')
        self.assert_says(clang.check(self.root, build))
        self.assertTrue((self.root / "cache/sonde-tidy/sonde_base_0.json").exists())
        self.put("base/x.hpp", "inline int h(long x) { return x; }\n")
        self.assert_says(clang.check(self.root, build), "base/x.hpp:1: implicit conversion")


if __name__ == "__main__":
    unittest.main()
