/* Values that arrive one by one become their mean, spread and the error of the mean (Welford 1962:
 * no sum of squares, so that small spreads of large counts are not lost). */
#include <math.h>
#include <evprof/figures.h>

void ev_running_add(struct ev_running *running, double value)
{
	double before = value - running->mean;
	running->count++;
	running->mean += before / (double)running->count;
	running->squares += before * (value - running->mean);
}

double ev_running_deviation(const struct ev_running *running)
{
	if (running->count < 2)
		return 0;
	return sqrt(running->squares / (double)(running->count - 1));
}

double ev_running_relative_error(const struct ev_running *running)
{
	if (running->count < 2 || running->mean == 0)
		return 0;
	return ev_running_deviation(running) / sqrt((double)running->count) / fabs(running->mean);
}
