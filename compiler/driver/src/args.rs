//! The command line of `prismc`. The help is written to be read: every verb shows an example.

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// The compiler of Prism, a language for orchestrating agents.
#[derive(Debug, Parser)]
#[command(
    name = "prismc",
    version,
    after_help = "Examples:
  prismc check .                         every .prism file below this folder
  prismc check --json review.prism       diagnostics for tools, one JSON object
  prismc fmt .                           in one style; --check for CI
  prismc build review.prism -o review.prismc
  prismc explain P0201                   what a code means and how to mend it

Exit status: 0 clean, 1 the program has errors, 2 usage or unreadable files."
)]
pub struct Args {
    /// When to use colours; `auto` asks the terminal and NO_COLOR
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    pub color: Color,
    #[command(subcommand)]
    pub verb: Verb,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub enum Verb {
    Check(Check),
    Fmt(Fmt),
    Build(Build),
    Doc(Doc),
    Explain(Explain),
    Lsp(Lsp),
    Completions(Completions),
}

/// Report what is wrong with programs, without running them
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prismc check review.prism lib/
  prismc check --fix .
  prismc check --effects review.prism    what every function may do
  prismc check --facts review.prism      how often it asks agents, and what it needs
  prismc check --json . | jq '.diagnostics[].message'")]
pub struct Check {
    /// Files, and folders to look for .prism files in
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// One JSON object on standard output: {"diagnostics":[…],"errors":N,"warnings":N,"files":N}
    #[arg(long)]
    pub json: bool,
    /// Apply the fixes that diagnostics carry, then report what is left
    #[arg(long)]
    pub fix: bool,
    /// List every function with its type, its effects and where they enter
    #[arg(long, conflicts_with = "fix")]
    pub effects: bool,
    /// Say how often programs ask agents and models at most, and what they need
    #[arg(long, conflicts_with_all = ["fix", "effects"])]
    pub facts: bool,
}

/// Write programs in Prism's one style, in place
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prismc fmt .
  prismc fmt --check .          changes nothing; exit status 1 when something would change
  prismc fmt - < in.prism       from standard input to standard output

Comments and blank lines between groups stay. Statements with mistakes stay as they are.
The names of changed files go to standard output.")]
pub struct Fmt {
    /// Files, and folders to look for .prism files in; `-` is standard input
    #[arg(required = true, value_name = "FILE|DIR")]
    pub paths: Vec<PathBuf>,
    /// Change nothing, and exit with status 1 when something would change
    #[arg(long)]
    pub check: bool,
}

/// Compile a program into an artifact that `prism run` executes
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prismc build review.prism -o review.prismc
  prismc build review.prism --emit ir -O1
  prismc build review.prism -o review.prismc --explain

The same program gives the same bytes. Without --emit an artifact is written to OUT;
with --emit the text of that stage goes to OUT, or to standard output.")]
pub struct Build {
    /// The root file of the program
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Where to write; `-` is standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Stop at a stage and print it
    #[arg(long, value_enum, value_name = "STAGE")]
    pub emit: Option<Stage>,
    /// 0: as written, 1: every pass
    #[arg(short = 'O', value_name = "LEVEL", default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub level: u8,
    /// Say what the optimizer changed, and where
    #[arg(long)]
    pub explain: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// What the lexer and the layout pass produce
    Tokens,
    /// The tree of the root file
    Ast,
    /// The bodies of the root file: names resolved, sugar removed
    Hir,
    /// The linked program after the optimizer
    Ir,
    /// The disassembled artifact
    Bytecode,
}

/// Write pages about modules and patterns: inputs, functions, types, effects, confidence
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prismc doc review.prism
  prismc doc lib/ -o lib.html
  prismc doc @prism/aggregation
  prismc doc @prism --format html -o std.html

Words come from the comments right above a declaration (/// or /** */) and from the header.")]
pub struct Doc {
    /// Files, folders, modules such as @prism/aggregation, or @prism for all of those
    #[arg(required = true, value_name = "FILE|DIR|MODULE")]
    pub paths: Vec<PathBuf>,
    /// Where to write; without it, standard output
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Without it, the ending of OUT decides, and Markdown is the default
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<DocFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DocFormat {
    Md,
    Html,
}

/// Print the page of a code: an example, the fix, the reason
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  prismc explain P0201
  prismc explain            the list of all codes")]
pub struct Explain {
    /// A code such as P0201; without it, all codes are listed
    #[arg(value_name = "CODE")]
    pub code: Option<String>,
}

/// Serve an editor: the language server, over standard input and output
#[derive(Debug, clap::Args)]
#[command(after_help = "Editors start it; docs/editor.md shows how they are told to.")]
pub struct Lsp {
    /// Accepted because some editors add it; there is no other way to talk
    #[arg(long)]
    pub stdio: bool,
}

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  prismc completions bash > ~/.local/share/bash-completion/completions/prismc")]
pub struct Completions {
    #[arg(value_enum)]
    pub shell: Shell,
}
