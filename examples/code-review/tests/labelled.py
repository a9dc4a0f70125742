"""Small pieces of code in which every place that a reviewer would object to is marked.

A mark is `⟪rule⟫` at the end of its line and is taken out before the review. A hit on a marked
line is right, any other hit is wrong, a mark without a hit is missed. Decoys, which only look
like a problem, are as important as problems; some are known to fool the rules, and some problems
are known to be missed: without them the counts would flatter.

Keys are put together at run time, so that no scanner mistakes this file for a leak.
"""

import re

LETTERS = "Zq3vN8xKp2WdR7tLm5YbJ9sHc4GfQ6uEaB1nXoVi"
SECRETS = {
    "@AWS@": "AKI" + "A" + "Z3QVN8XKP2WDR7TL",
    "@GITHUB@": "gh" + "p_" + LETTERS[:36],
    "@SLACK@": "xox" + "b-" + "2871639405-" + LETTERS[:16],
    "@STRIPE@": "sk_" + "live_" + LETTERS[:24],
    "@GOOGLE@": "AI" + "za" + LETTERS[:35],
    "@JWT@": "ey" + "JhbGciOiJIUzI1." + "ey" + "JzdWIiOiIxMjM0." + LETTERS[:20],
    "@PEM@": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "@WORD@": LETTERS[5:25],
}

MARK = re.compile(r"\s*⟪([\w-]+)⟫")


def parse(text):
    """The text without its marks, and the marks as pairs of line and rule."""
    for name, secret in SECRETS.items():
        text = text.replace(name, secret)
    marks = set()
    lines = text.strip("\n").split("\n")
    for number, line in enumerate(lines, 1):
        marks.update((number, rule) for rule in MARK.findall(line))
    return "\n".join(MARK.sub("", line) for line in lines) + "\n", marks


# Agent, path, text.
CASES = []


def case(agent, path, text):
    CASES.append((agent, path, *parse(text)))


case("secrets", "settings.py", '''
AWS_KEY = "@AWS@" ⟪cloud-key⟫
GITHUB = "@GITHUB@" ⟪token⟫
SLACK = "@SLACK@" ⟪token⟫
PASSWORD = "@WORD@" ⟪named-secret⟫
password = os.environ["PASSWORD"]
PASSWORD_FIELD = "current-password"
api_key = "your_api_key_goes_here"
secret_name = "projects/main/secrets/database"
DATABASE = "postgres://app:@WORD@@db.internal/app" ⟪password-in-url⟫
DATABASE_FROM_ENV = "postgres://app:${DB_PASSWORD}@db.internal/app"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
''')
case("secrets", "deploy.yaml", '''
stripe: @STRIPE@ ⟪token⟫
google: @GOOGLE@ ⟪cloud-key⟫
session: @JWT@ ⟪token⟫
db_password: "@WORD@" ⟪named-secret⟫
db_password_file: /run/secrets/db
auth_token: "{{ vault.token }}"
admin: @WORD@ ⟪named-secret⟫
''')
case("secrets", "id_rsa.txt", '''
@PEM@ ⟪private-key⟫
MIIEowIBAAKCAQEA
''')
case("secrets", "manual.md", '''
Paste it as `-----BEGIN PRIVATE KEY-----\\nXXXX\\n-----END PRIVATE KEY-----`.
Use `https://user:password@example.com/` as the address.
A key looks like `-----BEGIN EC PRIVATE KEY-----` in its first line.
''')
case("secrets", "tests/test_login.py", '''
PASSWORD = "@WORD@" ⟪named-secret⟫
TOKEN = "not-a-token"
''')
case("secrets", "client.rs", '''
let token = "@GITHUB@"; ⟪token⟫
let secret_key = env::var("SECRET_KEY")?;
const API_KEY: &str = "@WORD@"; ⟪named-secret⟫
let client = Client::builder().danger_accept_invalid_certs(true).build()?; ⟪tls-check-off⟫
// .danger_accept_invalid_certs(true) would switch the check off
Command::new("sh").arg("-c").arg(format!("tar xf {name}")); ⟪shell-injection⟫
Command::new("tar").arg("xf").arg(name);
let rows = db.query(&format!("SELECT * FROM users WHERE name = '{name}'")); ⟪query-injection⟫
let text = format!("select a colour from {palette}"); 
let rows = db.query("SELECT * FROM users WHERE name = $1", &[&name]);
''')
case("secrets", "jobs.py", '''
os.system(f"rm -rf {folder}") ⟪shell-injection⟫
os.system("clear")
os.system("tar xf " + name) ⟪shell-injection⟫
subprocess.run(f"git clone {url}", shell=True) ⟪shell-injection⟫
subprocess.run(["git", "clone", url], check=True)
subprocess.run("ls | wc -l", shell=True)
command = f"convert {name}"
subprocess.run(command, shell=True) ⟪shell-injection⟫
cursor.execute(f"SELECT name FROM users WHERE id = {user}") ⟪query-injection⟫
cursor.execute("DELETE FROM users WHERE id = " + user) ⟪query-injection⟫
cursor.execute("INSERT INTO users VALUES (%s)" % name) ⟪query-injection⟫
cursor.execute("SELECT name FROM users WHERE id = ?", (user,))
cursor.execute(f"SELECT name FROM {TABLE} WHERE id = ?", (user,))
print(f"select one from {options}")
data = pickle.loads(body) ⟪unsafe-load⟫
config = yaml.load(text) ⟪unsafe-load⟫
config = yaml.load(text, Loader=yaml.SafeLoader)
cache = pickle.load(own_cache_file)
requests.get(url, verify=False) ⟪tls-check-off⟫
requests.get(url, verify=True)
""" cursor.execute(f"SELECT name FROM users WHERE id = {user}") """
''')
case("secrets", "server.js", '''
exec(`convert ${name} out.png`) ⟪shell-injection⟫
exec("convert " + name) ⟪shell-injection⟫
execFile("convert", [name])
const found = pattern.exec(text)
const found = pattern.exec("a" + text)
db.query(`SELECT * FROM users WHERE id = ${id}`) ⟪query-injection⟫
db.query("SELECT * FROM users WHERE id = ?", [id])
https.request({ rejectUnauthorized: false }) ⟪tls-check-off⟫
const apiKey = "@WORD@" ⟪named-secret⟫
''')

LONG = "\n".join(f"    let v{n} = step({n});" for n in range(70))
LONGER = "\n".join(f"    let v{n} = step({n});" for n in range(130))
BRANCHES = "\n".join(f"    if x == {n} {{ return {n}; }}" for n in range(18))
MANY_BRANCHES = "\n".join(f"    if x == {n} {{ return {n}; }}" for n in range(40))
ARMS = "\n".join(f"        Kind::K{n} => {n}," for n in range(55))
TABLE = "\n".join(f"        Row {{ name: \"{n}\", value: {n} }}," for n in range(70))
case("complexity", "a.rs", f'''
fn long() {{ ⟪long-function⟫
{LONG}
}}
fn longer() {{ ⟪long-function⟫
{LONGER}
}}
fn branches(x: u32) -> u32 {{ ⟪many-paths⟫
{BRANCHES}
    0
}}
fn many_branches(x: u32) -> u32 {{ ⟪many-paths⟫
{MANY_BRANCHES}
    0
}}
fn arms(kind: Kind) -> u32 {{
    match kind {{
{ARMS}
    }}
}}
fn table() -> Vec<Row> {{
    vec![
{TABLE}
    ]
}}
fn deep(x: u32) {{ ⟪deep-nesting⟫
    for a in 0..x {{
        if a > 1 {{
            while go() {{
                match a {{
                    1 => {{
                        if b() {{ c(); }}
                    }}
                    _ => {{}}
                }}
            }}
        }}
    }}
}}
fn shallow(x: u32) {{
    let s = S {{ a: A {{ b: B {{ c: C {{ d: D {{ e: 1 }} }} }} }} }};
    if x > 1 {{ go("if {{ while {{ for {{") }}
}}
fn parameters(a: u8, b: u8, c: u8, d: u8, e: u8, f: u8, g: u8, h: u8) {{ ⟪many-parameters⟫
}}
fn generic(&mut self, a: Map<u8, u8>, b: fn(u8, u8) -> u8, c: (u8, u8), d: [u8; 4]) {{}}
fn closures(a: u8) {{
    let f = |x: u8, y: u8| x + y;
    fn inner(x: u8) {{ if x > 1 {{ go() }} }}
}}
trait T {{ fn declared(&self, a: u8); }}
''')
case("complexity", "b.py", f'''
def long(): ⟪long-function⟫
{chr(10).join(f"    v{n} = step({n})" for n in range(70))}

def documented():
    """
{chr(10).join(f"    Line {n} of the explanation." for n in range(40))}
    """
    return 1

def branches(x): ⟪many-paths⟫
{chr(10).join(f"    if x == {n} and y: return {n}" for n in range(10))}

def chain(x):
    if x == 1: return 1
    elif x == 2: return 2
    elif x == 3: return 3
    elif x == 4: return 4
    elif x == 5: return 5
    else: return 6

def deep(xs): ⟪deep-nesting⟫
    for x in xs:
        if x:
            while go():
                with open(x) as f:
                    try:
                        read(f)
                    except OSError:
                        stop()

def parameters(a, b, c, d, e, f, *, g, h): ⟪many-parameters⟫
    pass

def method(self, a, b, c, d, e, f, g):
    pass
''')
case("complexity", "c.js", f'''
function long() {{ ⟪long-function⟫
{chr(10).join(f"  const v{n} = step({n});" for n in range(70))}
}}
const branches = (x) => {{ ⟪many-paths⟫
{chr(10).join(f"  if (x == {n} && y) {{ return {n} }}" for n in range(10))}
}}
function deep(xs) {{ ⟪deep-nesting⟫
  for (const x of xs) {{
    if (x) {{
      while (go()) {{
        switch (x) {{
          case 1: {{
            try {{ if (y) {{ z() }} }} catch (e) {{ stop(e) }}
          }}
        }}
      }}
    }}
  }}
}}
class A {{
  method(a, b) {{
    return {{ a: {{ b: {{ c: {{ d: {{ e: 1 }} }} }} }} }}
  }}
  other(a, b, c, d, e, f, g, h) {{ ⟪many-parameters⟫
    return a
  }}
}}
const text = `if (${{a ? "{{" : "}}"}}) {{ {{ {{`
''')
case("complexity", "d.py", "# ⟪long-file⟫\n" + "\n".join(f"x{n} = {n}" for n in range(900)))

case("safety", "src/a.rs", '''
fn f(p: *const u8) -> u8 { unsafe { *p } } ⟪unsafe-without-reason⟫
fn g(p: *const u8) -> u8 {
    // SAFETY: the caller owns `p`, which is valid for reads.
    unsafe { *p }
}
fn h(p: *const u8) -> u8 {
    // SAFETY: see above.
    let byte =
        unsafe { *p };
    byte
}
/// Reads.
///
/// # Safety
/// `p` must be valid.
pub unsafe fn read(p: *const u8) -> u8 { 0 }
pub unsafe fn undocumented(p: *const u8) {} ⟪unsafe-without-reason⟫
unsafe impl Send for A {} ⟪unsafe-without-reason⟫
// SAFETY: `B` owns what it points to.
unsafe impl Send for B {}
unsafe extern "C" { fn c(); }
// A file that mentions unsafe { } in a comment, and "unsafe { }" in a string.
let s = "unsafe { }.unwrap()";
let a = xs.get_unchecked(1); ⟪unchecked-call⟫
let b: u32 = std::mem::transmute::<f32, u32>(1.0); ⟪unchecked-call⟫
let c = read().unwrap(); ⟪unwrap⟫
let d = read().unwrap_or(0);
let e = read().expect("the file was written above");
let f = Regex::new("^a+$").unwrap();
panic!("no such thing"); ⟪panic⟫
std::panic::catch_unwind(f);
todo!() ⟪unfinished⟫
unimplemented!("later") ⟪unfinished⟫
let n = xs.len() as u32; ⟪narrowing-cast⟫
let n = xs.len() as u64;
let n = u32::try_from(xs.len())?;
let x = xs[i + 1]; ⟪index-arithmetic⟫
let x = xs[i];
let y = [0; N + 1];
let z = &xs[1..n - 1]; ⟪index-arithmetic⟫
let m = list.iter().count() as i32; ⟪narrowing-cast⟫
let w = (xs.len() - 1) as u8; ⟪narrowing-cast⟫
#[cfg(test)]
mod tests {
    #[test]
    fn t() { read().unwrap(); panic!("in a test"); let x = xs[i + 1]; }
}
let late = read().unwrap(); ⟪unwrap⟫
''')
case("safety", "tests/b.rs", '''
fn t() { read().unwrap(); todo!(); }
''')
case("safety", "lib.py", '''
def f(xs=[]): ⟪mutable-default⟫
    xs.append(1)
def g(xs=()):
    return xs
def constant(xs=[]):
    return len(xs)
def h(n):
    assert n > 0, "positive" ⟪assert-on-argument⟫
    return n
def i(n):
    m = n + 1
    m += 1
    assert m != 7
    assert internal()
try:
    work()
except: ⟪swallowed-error⟫
    pass
try:
    work()
except Exception: ⟪swallowed-error⟫
    pass
try:
    work()
except: ⟪bare-except⟫
    log()
try:
    work()
except:
    log()
    raise
try:
    work()
except KeyError:
    pass
x = eval(text) ⟪eval⟫
y = eval("1 + 1")
exec(code, scope) ⟪eval⟫
z = ast.literal_eval(text)
model.eval()
''')
case("safety", "app.js", '''
eval(text) ⟪eval⟫
model.eval(text)
new Function("return 1")() ⟪eval⟫
element.innerHTML = text ⟪inner-html⟫
element.innerHTML = ""
if (element.innerHTML == text) {}
try { go() } catch (e) {} ⟪swallowed-error⟫
try { go() } catch { /* not there is fine */ }
try { go() } catch (e) { report(e) }
go().catch(() => {}) ⟪swallowed-error⟫
''')

case("coverage", "src/api.rs", '''
pub fn open() {} ⟪undocumented⟫ ⟪no-module-doc⟫
/// Closes.
pub fn close() {}
/// With attributes.
#[inline]
#[must_use]
pub fn read() -> u8 { 0 }
pub(crate) fn internal() {}
fn private() {}
pub struct Bare; ⟪undocumented⟫
/**
 * A block.
 */
pub enum Block { A }
pub mod inner;
impl Bare {
    pub fn new() -> Bare { Bare }
    pub fn method(&self) {} ⟪undocumented⟫
    /// Documented.
    pub async fn other(&self) {}
}
#[cfg(test)]
mod tests {
    pub fn helper() {}
}
#[doc = "Attribute form."]
pub fn attribute() {}
''')
case("coverage", "src/good.rs", '''
//! What this file is for.

/// A thing.
pub struct Thing;
const TEXT: &str = "pub fn in_a_string() {}";
// pub fn in_a_comment() {}
''')
case("coverage", "tool.py", '''
def bare(a): ⟪undocumented⟫ ⟪no-module-doc⟫
    b = a + 1
    c = b + 1
    d = c + 1
    e = d + 1
    return e
def small(a):
    return a
def documented(a):
    """Adds."""
    b = a + 1
    c = b + 1
    d = c + 1
    return d
def _private(a):
    b = a + 1
    c = b + 1
    d = c + 1
    e = d + 1
    return e
class Bare: ⟪undocumented⟫
    a = 1
    b = 2
    c = 3
    d = 4
    e = 5
''')
BODY = "\n".join(f"fn step{n}() {{ work({n}) }}" for n in range(230))
case("coverage", "alone/src/lib.rs", "//! A package without a test. ⟪no-tests⟫\n" + BODY)
case("coverage", "small/src/lib.rs", "//! Too small to need one.\nfn one() {}\n")
MODULE = "\n".join(f"fn lonely{n}() {{ work({n}) }}" for n in range(70))
case("coverage", "pair/src/lonely.rs", "//! Nobody tests this. ⟪untested-module⟫\n" + MODULE)
case("coverage", "pair/src/known.rs", "//! A test names it.\n" + MODULE.replace("lonely", "famous"))
case("coverage", "pair/tests/all.rs", "use pair::famous1;\n#[test]\nfn t() { famous1(); }\n")
