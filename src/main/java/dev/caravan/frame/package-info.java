/** What a frame says about itself: envelope, medium, identity, copies. Pure: no I/O, no Camel. */
package dev.caravan.frame;
