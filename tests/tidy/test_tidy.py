"""Each check of this folder is shown something wrong and has to see it, and something right."""

import shutil
import tempfile
import unittest
from pathlib import Path

import clang
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
    """A tree of the test's own."""

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
            self.assertTrue(violation.mend)


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
        self.put("queue/x.cpp", '#include "model/json.hpp"\n')
        self.put("base/x.cpp", '#include "base/async/asio.hpp"\n')
        self.assert_says(includes.check(self.root), "model/x.cpp:2: model may not include queue/io",
                         "queue/x.cpp:1: queue may not include model", "base/x.cpp:1:")

    def test_a_backend_is_named_in_the_wiring_only(self):
        self.put("daemon/app.cpp", '#include "queue/embedded/embedded_queue.hpp"\n')
        self.put("daemon/serve.cpp", '#include "queue/embedded/embedded_queue.hpp"\n')
        self.put("ingest/x.cpp", '#include "queue/memory/memory_queue.hpp"\n')
        self.assert_says(includes.check(self.root), "daemon/serve.cpp:1:", "ingest/x.cpp:1:")

    def test_libraries_stay_in_their_folders(self):
        self.put("scanner/x.cpp", "#include <openssl/ssl.h>\n#include <boost/beast/http.hpp>\n")
        self.put("model/x.cpp", "#include <boost/asio/post.hpp>\n")
        self.put("queue/x.cpp", "#include <librdkafka/rdkafka.h>\n")
        self.put("tls/shown.hpp", "#include <openssl/ssl.h>\n")
        self.put("scanner/resolver/x.cpp", "#include <ares.h>\n#include <algorithm>\n")
        self.put("queue/embedded/x.cpp", "#include <sqlite3.h>\n")
        self.assert_says(includes.check(self.root), "<openssl/ssl.h>", "<boost/beast/http.hpp>",
                         "free of Asio", "librdkafka", "tls/shown.hpp:1: a header")

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


class Fuzzers(Tree):
    def test_a_parser_without_its_fuzzer(self):
        self.put("tests/fuzz/targets.cmake", "sonde_fuzz(addresses LINKS sonde_model)\n")
        self.put("model/target.hpp", "result<target> parse(std::string_view text);\n")
        self.put("model/port_set.hpp", "result<port_set> parse(std::string_view text);\n")
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
        shutil.copy(HERE.parents[1] / ".clang-tidy", self.root)
        build = self.put_database()
        self.put("base/x.hpp", "#include <string>\n#include <utility>\n")
        self.put("base/x.cpp", '#include "base/x.hpp"\nint f(std::string s) {\n  auto t = std::move(s);\n'
                 "  return static_cast<int>(s.size() + t.size());\n}\nint g(long x) { return x; }\n")
        self.assert_says(clang.check(self.root, build), "base/x.cpp:4: 's' used after it was moved",
                         "base/x.cpp:6: implicit conversion loses integer precision")
        self.put("base/x.cpp", '#include "base/x.hpp"\nint g(int x) { return x; }\n')
        self.assert_says(clang.check(self.root, build))
        self.assertTrue((build / "clang-tidy/sonde_base_0.json").exists())
        self.put("base/x.hpp", "inline int h(long x) { return x; }\n")
        self.assert_says(clang.check(self.root, build), "base/x.hpp:1: implicit conversion")


if __name__ == "__main__":
    unittest.main()
