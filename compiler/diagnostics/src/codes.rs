//! The registry of codes: one line per code, in order, and a page of the same name in `codes/`.
//!
//! Numbers are never reused.

/// Makes the enum, the list and the look-ups from the table below.
macro_rules! codes {
    ($($code:ident => $title:literal,)*) => {
        /// A code that a diagnostic or a trap can carry, such as `P0301`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($code,)*
        }

        impl Code {
            /// Every code, in order.
            pub const ALL: &[Code] = &[$(Code::$code,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$code => stringify!($code),)*
                }
            }

            /// A few words for lists of codes.
            pub fn title(self) -> &'static str {
                match self {
                    $(Code::$code => $title,)*
                }
            }

            /// The page `prismc explain` prints: Markdown with Example, Fix and Why.
            pub fn page(self) -> &'static str {
                match self {
                    $(Code::$code => include_str!(concat!("../codes/", stringify!($code), ".md")),)*
                }
            }

            /// About text and tokens, syntax and layout.
            pub fn is_syntax(self) -> bool {
                self.as_str() < "P02"
            }

            /// Reads `P0101`; letter case does not matter.
            pub fn parse(text: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text))
            }
        }
    };
}

codes! {
    // P00xx: text and tokens
    P0001 => "character that is not part of the language",
    P0002 => "string without an end",
    P0003 => "comment without an end",
    P0004 => "number that touches letters",
    P0005 => "escape that names no character",
    P0006 => "interpolation without an end",
    P0031 => "file that cannot be read",
    P0032 => "file that is not UTF-8",
    P0033 => "file that is too large",
    // P01xx: syntax and layout
    P0101 => "something else was expected",
    P0102 => "two statements on one line",
    P0103 => "missing comma",
    P0104 => "bracket that is never closed",
    P0105 => "bracket that closes nothing",
    P0106 => "nesting that is too deep",
    P0107 => "too many errors",
    P0108 => "confidence that is more than one operand",
    P0109 => "pipeline in the body of an arrow",
    P0110 => "object as the body of an arrow",
    P0111 => "assignment to something that cannot be assigned",
    P0112 => "assignment inside an expression",
    P0113 => "band with two branches",
    P0114 => "nothing where an expression must stand",
    P0115 => "declaration without its value",
    P0116 => "import of nothing",
    P0117 => "function without a name",
    P0118 => "`try` alone",
    P0119 => "rest that is not last",
    P0120 => "export of something that declares nothing",
    P0121 => "level that belongs to no confidence",
    P0122 => "`uncertain` without bands",
    P0130 => "regular expression",
    P0131 => "class",
    P0132 => "`interface` or `enum`",
    P0133 => "`new`",
    P0134 => "`this`",
    P0135 => "`var`",
    P0136 => "`delete` or `void`",
    P0137 => "label",
    P0138 => "bit operator",
    P0139 => "counting inside an expression",
    P0140 => "type assertion",
    P0141 => "word of another language",
    P0142 => "form of a type that does not exist",
    P0143 => "misspelt word",
    // P02xx: types and arguments
    P0201 => "value of another type than declared",
    P0202 => "call of a value that is not a function",
    P0203 => "wrong number of arguments",
    P0204 => "operator that does not take these values",
    P0205 => "member that the value does not have",
    P0206 => "index on a value without elements",
    P0207 => "index outside of the array",
    P0208 => "value that cannot be taken apart",
    P0209 => "value that cannot be spread",
    P0210 => "value that cannot be looped over",
    P0211 => "type name that `instanceof` does not know",
    P0212 => "division by zero",
    P0213 => "named argument that does not exist",
    P0214 => "`match` that misses a case",
    P0215 => "key that the declared type does not have",
    P0216 => "value that may be null",
    P0217 => "field that may be missing",
    P0218 => "value that may be of another kind",
    // P03xx: effects
    P0301 => "effect that is not declared",
    P0302 => "effect that nothing handles",
    P0303 => "`uses` of an unknown effect",
    P0304 => "agent calls in an unbounded loop",
    P0305 => "secret that somebody would see",
    P0306 => "default of an operation that is computed",
    // P04xx: confidence
    P0401 => "confidence outside of 0 to 1",
    P0402 => "confidence that is not a number",
    P0403 => "`uncertain` on a value without confidence",
    P0404 => "confidence that may be too low",
    P0405 => "gate that never lets a value pass",
    P0406 => "gate that lets every value pass",
    P0407 => "branch of a band that never runs",
    P0408 => "band without a branch",
    P0409 => "value from a source that is not trusted enough",
    P0410 => "irreversible effect that demands no check",
    P0411 => "level that the function does not declare",
    P0412 => "function whose demand would be forgotten",
    P0413 => "decision from a source that is not trusted enough",
    P0414 => "confidence that is raised by hand",
    P0415 => "confidence that may leave 0 to 1",
    P0416 => "level that does not exist",
    // P05xx: names, modules
    P0501 => "name that is not defined",
    P0502 => "name declared twice",
    P0503 => "name that a module does not export",
    P0504 => "module that does not exist",
    P0505 => "assignment to a constant",
    P0506 => "name used before its declaration",
    P0507 => "member that does not exist",
    P0508 => "modules that import each other",
    P0509 => "`return` outside of a function",
    P0510 => "`break` or `continue` outside of a loop",
    P0511 => "`resume` outside of a handler clause",
    P0512 => "type that does not exist",
    P0513 => "method that changes and returns",
    P0514 => "target that cannot be assigned",
    P0515 => "pipeline stage that ignores its value",
    P0516 => "`_` outside of a pipeline",
    P0517 => "`match` without arms",
    P0518 => "name that is not a value",
    P0519 => "unknown limit of the bands",
    P0520 => "declaration that needs the top level",
    P0521 => "built-in that is hidden",
    P0522 => "export of an undeclared name",
    P0523 => "spread arguments for an effect",
    P0524 => "name exported twice",
    P0525 => "type that stands for itself",
    P0526 => "wrong number of types for a type",
    // P06xx: pattern header, prism.toml
    P0601 => "header value that is not JSON",
    P0602 => "unknown key of the header",
    P0603 => "wrong value in the header",
    P0604 => "key of the header written twice",
    P0605 => "schedule that does not say when",
    P0610 => "unknown key in prism.toml",
    P0611 => "wrong value in prism.toml",
    P0612 => "agents that the manifest does not have",
    P0613 => "name that a group of agents cannot have",
    P0650 => "prism.toml is not TOML",
    P0651 => "unknown key for an agent",
    P0652 => "wrong value for an agent",
    P0653 => "agent without a command",
    P0654 => "name that an agent cannot have",
    // P07xx: lints
    P0701 => "value that is not used",
    P0702 => "code that is never reached",
    P0703 => "arm that never matches",
    P0704 => "comparison that comes out one way",
    P0705 => "change of a copy that nobody reads",
    // P08xx: limits of the compiler, and its own mistakes
    P0801 => "function that needs too many values at once",
    P0802 => "code that is nested too deep",
    P0803 => "program that is too large",
    P0899 => "mistake of the compiler",
    // P09xx: artifacts and bytecode
    P0901 => "file that is not an artifact",
    P0902 => "artifact of another version",
    P0903 => "artifact that is damaged",
    P0904 => "artifact that is malformed",
    P0905 => "bytecode that does not verify",
    P0906 => "snapshot of another program",
    P0907 => "snapshot that cannot be read",
    // P10xx: errors of the program at run time
    P1001 => "error thrown by the program",
    P1002 => "name that is not defined, at run time",
    P1003 => "variable read before it has a value",
    P1004 => "operator that does not take these values, at run time",
    P1005 => "values that cannot be compared",
    P1006 => "division by zero, at run time",
    P1007 => "call of a value that is not a function, at run time",
    P1008 => "wrong number of arguments, at run time",
    P1009 => "property that an object does not have",
    P1010 => "member of null or of a plain value",
    P1011 => "index outside of the array, at run time",
    P1012 => "`reduce` of an empty array",
    P1013 => "argument out of range",
    P1014 => "argument of the wrong kind",
    P1015 => "value that cannot be taken apart",
    P1016 => "method that a value does not have",
    P1017 => "value that cannot be updated",
    P1018 => "type name that `instanceof` does not know, at run time",
    P1019 => "confidence that is not a number, at run time",
    P1020 => "value that cannot leave the program",
    P1021 => "text that is not JSON, at run time",
    P1022 => "continuation that cannot be resumed",
    P1023 => "fiber without a result",
    P1024 => "too few results",
    P1025 => "no result in time",
    P1026 => "expectation that does not hold",
    // P11xx: limits of the machine
    P1101 => "fuel used up",
    P1102 => "memory used up",
    P1103 => "too many calls at once",
    P1104 => "too many requests",
    P1105 => "fibers that wait for each other",
    P1199 => "wrong bytecode",
    // P20xx: engine, journal, store
    P2001 => "store of a newer Prism",
    P2002 => "store that is damaged, or no store",
    P2003 => "store locked by another program",
    P2004 => "no space left for the store",
    P2005 => "entry that was changed or is missing",
    P2006 => "stored value that is missing or damaged",
    P2007 => "store that cannot be reached",
    P2008 => "unknown run",
    P2009 => "run that another process drives",
    P2010 => "program that diverged from its journal",
    P2011 => "effect that this host does not serve",
    P2012 => "script that does not answer",
    P2013 => "run that has ended",
    P2014 => "decision that nobody asked for",
    P2015 => "record that cannot be understood",
    P2016 => "inputs that make no machine",
    P2017 => "run that waits for nothing",
    P2018 => "argument that an effect does not take",
    P2019 => "site at which nothing was asked",
    P2020 => "secret that a run needs",
    P2021 => "format that this Prism does not know",
    P2022 => "schedule in the place of a run",
    P2023 => "large values at a place that is not known",
    P2024 => "input that the header does not allow",
    // P21xx: agents
    P2101 => "unknown agent",
    P2102 => "too few agents",
    P2103 => "program of an agent does not exist",
    P2104 => "program of an agent cannot be started",
    P2105 => "agent exited without an answer",
    P2106 => "agent closed its output without an answer",
    P2107 => "agent gave no answer in time",
    P2108 => "agent wrote a line that is not JSON",
    P2109 => "agent wrote bytes that are not UTF-8",
    P2110 => "agent wrote a line that is too long",
    P2111 => "answer without the protocol's form",
    P2112 => "confidence that is no confidence",
    P2113 => "answer to another call",
    P2114 => "agent answered twice",
    P2115 => "data nested too deep",
    P2116 => "agent reported an error",
    P2117 => "call was cancelled",
    P2118 => "agent is not called for now",
    P2119 => "too many calls wait for an agent",
    P2120 => "call did not finish within its deadline",
    P2121 => "backend that is not available",
    P2122 => "outcome that nobody knows",
    P2123 => "agent that is asked at most once",
    P2124 => "answer that the agent's contract does not allow",
    // P22xx: command line and input
    P2201 => "not JSON",
    P2202 => "`--set` without a value",
    P2203 => "name given twice",
    P2204 => "file that cannot be read",
    P2205 => "unknown name of the host",
    P2206 => "hash that is none",
    P2207 => "no tests",
    P2208 => "effect in a test that nothing handles",
    P2209 => "file that cannot be written",
    P2210 => "program without a schedule",
    P2211 => "span of time that is none",
    P2212 => "place for large values that is none",
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_parse_back() {
        assert!(Code::ALL.is_sorted_by_key(|code| code.as_str()));
        for code in Code::ALL {
            assert_eq!(Code::parse(&code.as_str().to_lowercase()), Some(*code));
        }
        assert_eq!(Code::parse("P9999"), None);
    }

    #[test]
    fn every_page_has_its_title_and_sections() {
        for code in Code::ALL {
            let page = code.page();
            let title = format!("# {}: {}\n", code.as_str(), code.title());
            assert!(page.starts_with(&title), "{code} must start with {title:?}");
            for section in ["\n## Example\n", "\n## Fix\n", "\n## Why\n"] {
                assert!(page.contains(section), "{code} lacks {section:?}");
            }
        }
    }
}
