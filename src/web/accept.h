/* web, inside: one thread that accepts connections and deals them out to the event threads.
 *
 * Left to themselves the event threads race for new connections, and a burst of them (a browser
 * opens six) often goes to the one that woke first; kept-alive, it keeps all their requests, while
 * another core idles. The library deals out what it is handed by number of descriptor, so that
 * connections that live at one time are spread evenly. */
#ifndef WEB_ACCEPT_H
#define WEB_ACCEPT_H

struct MHD_Daemon;
struct acceptor;

/* Owns `fd`, a listening socket that does not block, from here on. */
struct acceptor *acceptor_start(struct MHD_Daemon *daemon, int fd);
/* Accepts no more and closes the socket. What was accepted stays with the daemon. */
void acceptor_stop(struct acceptor *a);

#endif
