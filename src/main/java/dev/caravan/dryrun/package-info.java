/** Recorded frames through the user's routes, with neither Genesys Cloud nor Kafka. */
package dev.caravan.dryrun;
