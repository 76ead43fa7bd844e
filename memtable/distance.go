package memtable

import "math"

// score is how near two vectors are to each other, as SearchVectors reports it. It is computed with 64-bit
// floats and told as a 32-bit one; what is too large for that is the largest one.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.html#VectorSearch.DistanceFunctions
func score(distance string, v, w []float32) float32 {
	var f float64
	switch distance {
	case "DOT_PRODUCT":
		f = dot(v, w)
	case "EUCLIDEAN":
		for i := range v {
			d := float64(v[i]) - float64(w[i])
			f += d * d
		}
		f = math.Sqrt(f)
	default:
		f = cosineDistance(v, w)
	}
	return float32(max(-math.MaxFloat32, min(f, math.MaxFloat32)))
}

// nearer reports whether a score ranks before another.
func nearer(distance string, a, b float32) bool {
	if distance == "DOT_PRODUCT" {
		return a > b
	}
	return a < b
}

func dot(v, w []float32) (sum float64) {
	for i := range v {
		sum += float64(v[i]) * float64(w[i])
	}
	return sum
}

// cosineDistance is 0 for vectors of the same direction and 2 for those of opposite ones; with a vector
// without direction it is 1.
func cosineDistance(v, w []float32) float64 {
	lengths := dot(v, v) * dot(w, w)
	if lengths == 0 {
		return 1
	}
	return max(0, min(1-dot(v, w)/math.Sqrt(lengths), 2))
}
