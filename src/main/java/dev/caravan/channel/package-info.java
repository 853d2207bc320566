/**
 * A channel's life: which channel a shard reads, when a successor is opened, when the predecessor
 * is let go. Decisions are pure functions over values; sockets, REST and clocks are at the edges.
 */
package dev.caravan.channel;
