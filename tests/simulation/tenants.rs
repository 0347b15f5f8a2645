//! Tenants that share an upstream: the trouble of one is not the others'.

use tidegate::extraction::Tenant;

use crate::{SERVER_ERROR, upstream::Conditions, world::World};

/// The share of the calls of each that was answered, when the first makes `share` of 100 calls a second.
async fn answered(world: &mut World, tenants: [&str; 2], share: f64, calls: u32) -> [f64; 2] {
    use rand::RngExt as _;
    let tenants = tenants.map(Tenant::configured);
    for _ in 0..calls {
        world.gap(100.0).await;
        let first = world.rng.random_bool(share);
        world.start_for(&tenants[usize::from(!first)]);
    }
    let ends = world.settle_each().await;
    let answered = tenants.map(|tenant| {
        let (calls, answered) = ends[&tenant];
        f64::from(answered) / f64::from(calls)
    });
    println!("seed {:#x}: {answered:?} of the calls of {share} and the rest were answered", world.seed);
    answered
}

#[tokio::test(start_paused = true)]
async fn a_tenant_whose_calls_all_fail_leaves_the_others_their_retries() {
    let conditions = Conditions { doomed: Some("noisy"), ..Conditions::faults(0.2, SERVER_ERROR) };
    let mut world = World::new(0x5eed_0500, conditions);
    let [noisy, quiet] = answered(&mut world, ["noisy", "quiet"], 0.95, 30_000).await;
    assert!(noisy < f64::EPSILON, "nothing can save the calls that are doomed");
    assert!(quiet >= 0.99, "seed {:#x}: {quiet} of the other tenant's calls were answered", world.seed);
}

#[tokio::test(start_paused = true)]
async fn a_tenant_with_nearly_all_of_the_traffic_keeps_its_retries() {
    let mut world = World::new(0x5eed_0501, Conditions::faults(0.30, SERVER_ERROR));
    let [busy, rare] = answered(&mut world, ["busy", "rare"], 0.99, 30_000).await;
    assert!(busy >= 0.99 && rare >= 0.95, "seed {:#x}: {busy} and {rare} answered", world.seed);
}
