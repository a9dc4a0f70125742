fn main() {
    let args: Vec<String> = std::env::args().collect();
    let text =
        if args[1] == "-e" { args[2].clone() } else { std::fs::read_to_string(&args[1]).unwrap() };
    let parse = prism_syntax::parse(&text);
    if args.iter().any(|a| a == "-t") {
        print!("{}", prism_syntax::dump::tokens(&text));
    }
    print!("{}", prism_syntax::dump::ast(&text, &parse));
    for e in &parse.errors {
        println!("{:?} {:?} {:?}", e.kind, e.span, e.span.slice(&text));
    }
}
