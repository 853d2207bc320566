/**
 * The intervals in which subscribed topics were not being read, kept on disk so that neither a kill
 * nor the downtime of the process itself goes unrecorded. Knows neither Camel nor Genesys Cloud.
 */
package dev.caravan.channel.gap;
