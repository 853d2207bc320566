/** Caravan carries Genesys Cloud notifications to Apache Kafka. */
package dev.caravan;
