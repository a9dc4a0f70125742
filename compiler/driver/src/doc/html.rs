//! Modules as one HTML page that needs nothing else: no script, no font, no picture.

use super::header::Header;
use super::markdown::{errors, title};
use super::text::{Block, Inline, inlines};
use super::{Entry, Kind, Module, Shape};

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}\
code,pre{font:14px/1.5 ui-monospace,monospace}\
pre{padding:.75rem;overflow:auto;border:1px solid #8884;border-radius:4px}\
table{border-collapse:collapse}td,th{border:1px solid #8884;padding:.25rem .5rem;text-align:left}\
h3{margin-top:2rem}.facts{opacity:.75}";

pub(super) fn render(modules: &[Module]) -> String {
    let name = match modules {
        [module] => title(module),
        _ => "Modules".to_owned(),
    };
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        escaped(&name)
    );
    if modules.len() > 1 {
        out.push_str("<h1>Modules</h1>\n<ul>\n");
        for module in modules {
            let (anchor, title) = (&module.anchor, escaped(&title(module)));
            out.push_str(&format!("<li><a href=\"#{anchor}\">{title}</a></li>\n"));
        }
        out.push_str("</ul>\n");
    }
    modules.iter().for_each(|module| write_module(&mut out, module));
    out.push_str("</body>\n</html>\n");
    out
}

fn write_module(out: &mut String, module: &Module) {
    out.push_str(&format!("<h1 id=\"{}\">{}</h1>\n", module.anchor, escaped(&title(module))));
    let version = module.header.version.as_ref();
    let version = version.map(|version| format!(" · version {}", escaped(version)));
    let version = version.unwrap_or_default();
    out.push_str(&format!("<p class=\"facts\">{}{version}</p>\n", code(&module.path)));
    if module.n_errors > 0 {
        out.push_str(&format!(
            "<p><strong>This file has {}; what could not be read is missing here.</strong></p>\n",
            errors(module)
        ));
    }
    write_header(out, &module.header);
    write_blocks(out, &module.doc);
    for kind in Kind::ALL {
        let mut entries = module.entries.iter().filter(|entry| entry.kind == kind).peekable();
        if entries.peek().is_some() {
            out.push_str(&format!("<h2>{}</h2>\n", kind.title()));
            entries.for_each(|entry| write_entry(out, entry));
        }
    }
}

fn write_header(out: &mut String, header: &Header) {
    if let Some(description) = &header.description {
        out.push_str(&format!("<p>{}</p>\n", inline(&inlines(description))));
    }
    if !header.inputs.is_empty() {
        out.push_str("<h2>Input</h2>\n");
        let rows = header.inputs.iter().map(|input| {
            let required = if input.is_required { "yes" } else { "no" }.to_owned();
            let description = inline(&inlines(&input.description));
            [code(&input.name), code(&input.ty), required, code(&input.default), description]
        });
        table(out, ["name", "type", "required", "default", "description"], rows);
    }
    if !header.agents.is_empty() {
        out.push_str("<h2>Agents it asks for</h2>\n");
        let rows = header.agents.iter().map(|(name, words)| [escaped(name), code(words)]);
        table(out, ["what", "value"], rows);
    }
    if !header.others.is_empty() {
        out.push_str("<h2>Further keys</h2>\n");
        table(
            out,
            ["key", "value"],
            header.others.iter().map(|(key, words)| [code(key), code(words)]),
        );
    }
}

fn write_entry(out: &mut String, entry: &Entry) {
    out.push_str(&format!("<h3 id=\"{}\">{}</h3>\n", entry.anchor, escaped(&entry.name)));
    match &entry.shape {
        Shape::Callable { signature, effects, confidence } => {
            let effects: Vec<String> = effects.iter().map(|effect| code(effect)).collect();
            let effects = if effects.is_empty() { "none".to_owned() } else { effects.join(", ") };
            out.push_str(&format!(
                "<pre><code>{}</code></pre>\n<p class=\"facts\">Effects: {effects}. \
                 Confidence of the result: {}.</p>\n",
                escaped(signature),
                code(confidence)
            ));
        }
        Shape::Source(source) => {
            out.push_str(&format!("<pre><code>{}</code></pre>\n", escaped(source)));
        }
        Shape::From(module) => out.push_str(&format!("<p>Declared in {}.</p>\n", code(module))),
    }
    write_blocks(out, &entry.doc);
}

fn write_blocks(out: &mut String, blocks: &[Block]) {
    for block in blocks {
        match block {
            Block::Paragraph(words) => out.push_str(&format!("<p>{}</p>\n", inline(words))),
            Block::List(items) => {
                let items = items.iter().map(|item| format!("<li>{}</li>\n", inline(item)));
                out.push_str(&format!("<ul>\n{}</ul>\n", items.collect::<String>()));
            }
            Block::Code { text, .. } => {
                out.push_str(&format!("<pre><code>{}</code></pre>\n", escaped(text)));
            }
        }
    }
}

fn table<const N: usize>(
    out: &mut String,
    head: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) {
    let cells = |tag: &str, cells: &[String]| {
        let cells = cells.iter().map(|cell| format!("<{tag}>{cell}</{tag}>"));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    out.push_str(&format!("<table>\n{}", cells("th", &head.map(str::to_owned))));
    rows.for_each(|row| out.push_str(&cells("td", &row)));
    out.push_str("</table>\n");
}

fn inline(words: &[Inline]) -> String {
    words
        .iter()
        .map(|word| match word {
            Inline::Text(text) => escaped(text),
            Inline::Code(text) => code(text),
            Inline::Emphasis(text) => format!("<em>{}</em>", escaped(text)),
        })
        .collect()
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{}</code>", escaped(text)) }
}

/// Text that HTML takes as text, in elements and in quoted attributes.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What no browser may show.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
