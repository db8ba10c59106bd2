/** The catalogue (STAC API): where collections lie. {@link dev.planetary.stac.Catalogue} is the port. */
package dev.planetary.stac;
