/**
 * The Camel component {@code spool:}, a write-ahead store on disk between two routes, of use to
 * anybody.
 */
package dev.caravan.spool;
