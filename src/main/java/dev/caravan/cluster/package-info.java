/**
 * Several instances that share the shards of one organisation: Kafka's group protocol says who is
 * there, and a compacted control topic carries what they tell each other. Nobody stops reading
 * because an assignment was lost, only because somebody else reads.
 */
package dev.caravan.cluster;
