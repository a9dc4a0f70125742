//! What the bench prints.

use crate::measure::Contender;

/// The seconds of one kernel, as soon as they are known.
pub fn line(kernel: &str, contenders: &[Contender], times: &[f64]) {
    let cells = contenders.iter().zip(times);
    let cells: Vec<String> = cells.map(|(who, time)| format!("{} {time:.3}", who.name)).collect();
    println!("{kernel:<9} {} s", cells.join("  "));
}

/// How often slower than each peer Prism is; below 1 it is faster.
pub fn ratios(contenders: &[Contender], rows: &[(&str, Vec<f64>)]) {
    let ours = contenders.iter().take_while(|who| who.name.starts_with("prism")).count();
    for at in 0..ours {
        let peers = &contenders[ours..];
        println!("\n{} / peer", contenders[at].name);
        let names: Vec<&str> = peers.iter().map(|who| who.name).collect();
        println!("| | {} |", names.join(" | "));
        println!("|{}", "---|".repeat(peers.len() + 1));
        for (kernel, times) in rows {
            let cells = times[ours..].iter().map(|peer| format!("{:.2}", times[at] / peer));
            println!("| {kernel} | {} |", cells.collect::<Vec<_>>().join(" | "));
        }
        let means = (ours..contenders.len()).map(|peer| {
            let logs = rows.iter().map(|(_, times)| (times[at] / times[peer]).ln());
            format!("{:.2}", (logs.sum::<f64>() / rows.len() as f64).exp())
        });
        println!("| **geometric mean** | {} |", means.collect::<Vec<_>>().join(" | "));
    }
}
