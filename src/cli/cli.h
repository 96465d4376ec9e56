/*
 * cli: the command line. Data on stdout, progress and messages on stderr; exit 0 ok, 1 "no /
 * differs / findings", 2 usage, 3 not found, 4 denied, 5 conflict, 6 integrity, 75 try later.
 * A verb is one function; the table in cli.c is the router and the source of the help.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

int cli_main(int argc, char **argv);

#endif
